import { texts } from '../../i18n/i18n'

export const useTexts = texts('computers', {
  title: { uz: 'Kompyuterlar', ru: 'Компьютеры', en: 'Computers' },
  users: { uz: 'Windows foydalanuvchilari', ru: 'Пользователи Windows', en: 'Windows users' },
  unlinked: { uz: 'Bogʻlanmagan', ru: 'Не связаны', en: 'Not linked' },
  linked: { uz: 'Bogʻlangan', ru: 'Связаны', en: 'Linked' },
  user: { uz: 'Foydalanuvchi', ru: 'Пользователь', en: 'User' },
  on: { uz: 'Kompyuterlari', ru: 'На компьютерах', en: 'On computers' },
  linkOf: { uz: '{{name}} kim?', ru: 'Кто такой {{name}}?', en: 'Who is {{name}}?' },
  unlink: { uz: 'Uzish', ru: 'Отвязать', en: 'Unlink' },
  undo: { uz: 'Qaytarish', ru: 'Отменить', en: 'Undo' },
  done: { uz: '{{name}} bilan bogʻlandi', ru: 'Связан: {{name}}', en: 'Linked to {{name}}' },
  'unlinked.empty': {
    uz: 'Hamma foydalanuvchilar bogʻlangan',
    ru: 'Все пользователи связаны с сотрудниками',
    en: 'Every user is linked',
  },
  'unlinked.hint': {
    uz: 'Agent yangi Windows foydalanuvchisini koʻrsa, u shu yerda paydo boʻladi va uni xodimga bogʻlash kerak boʻladi.',
    ru: 'Когда агент увидит нового пользователя Windows, он появится здесь, и его нужно будет связать с сотрудником.',
    en: 'When an agent sees a new Windows user, it shows here to be linked to an employee.',
  },
  'linked.empty': { uz: 'Hali hech kim bogʻlanmagan', ru: 'Связанных пока нет', en: 'Nobody is linked yet' },
  'linked.hint': {
    uz: '“Bogʻlanmagan” roʻyxatidan foydalanuvchi uchun xodim tanlang.',
    ru: 'В списке «Не связаны» выберите сотрудника для пользователя.',
    en: 'In the list “Not linked”, choose an employee for a user.',
  },
  list: { uz: 'Barcha kompyuterlar', ru: 'Все компьютеры', en: 'All computers' },
  find: { uz: 'Nomi yoki manzili', ru: 'Имя или адрес', en: 'Name or address' },
  name: { uz: 'Kompyuter', ru: 'Компьютер', en: 'Computer' },
  os: { uz: 'Tizim', ru: 'Система', en: 'System' },
  ip: { uz: 'IP manzil', ru: 'IP-адрес', en: 'IP address' },
  seen: { uz: 'Oxirgi aloqa', ru: 'Последняя связь', en: 'Last seen' },
  day: { uz: '{{name}}: bugungi kun', ru: '{{name}}: сегодняшний день', en: '{{name}}: today' },
  'empty.title': { uz: 'Kompyuterlar yoʻq', ru: 'Компьютеров нет', en: 'There are no computers' },
  'empty.hint': {
    uz: 'Agentni kompyuterga oʻrnating va unga shlyuz manzili hamda kalitini bering: birinchi maʼlumot bilan u shu yerda paydo boʻladi.',
    ru: 'Установите агент на компьютер и укажите ему адрес шлюза и ключ: с первыми данными он появится здесь.',
    en: 'Install the agent on a computer and give it the gateway’s address and a key: with its first data it shows here.',
  },
})
