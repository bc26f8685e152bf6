import { texts } from '../i18n/i18n'

export const useShell = texts('shell', {
  gateways: { uz: 'Shlyuzlar', ru: 'Шлюзы', en: 'Gateways' },
  day: { uz: 'Ish kuni', ru: 'День сотрудника', en: 'Person’s day' },
  computers: { uz: 'Kompyuterlar', ru: 'Компьютеры', en: 'Computers' },
  alerts: { uz: 'Ogohlantirishlar', ru: 'Оповещения', en: 'Alerts' },
  nav: { uz: 'Boʻlimlar', ru: 'Разделы', en: 'Sections' },
  menu: { uz: 'Menyu', ru: 'Меню', en: 'Menu' },
  skip: { uz: 'Asosiy mazmunga oʻtish', ru: 'К содержанию', en: 'Skip to content' },
  language: { uz: 'Til', ru: 'Язык', en: 'Language' },
  scheme: { uz: 'Mavzu', ru: 'Тема', en: 'Theme' },
  'scheme.light': { uz: 'Yorugʻ', ru: 'Светлая', en: 'Light' },
  'scheme.dark': { uz: 'Qorongʻi', ru: 'Тёмная', en: 'Dark' },
  'scheme.auto': { uz: 'Tizimdagidek', ru: 'Как в системе', en: 'As the system' },
  account: { uz: 'Hisob', ru: 'Учётная запись', en: 'Account' },
  signOut: { uz: 'Chiqish', ru: 'Выйти', en: 'Sign out' },
  ADMIN: { uz: 'Administrator', ru: 'Администратор', en: 'Administrator' },
  HR: { uz: 'Kadrlar boʻlimi', ru: 'Отдел кадров', en: 'HR' },
  DEPARTMENT_LEAD: { uz: 'Boʻlim rahbari', ru: 'Руководитель отдела', en: 'Department lead' },
  GUARD: { uz: 'Qoʻriqchi', ru: 'Охранник', en: 'Guard' },
  'lost.title': { uz: 'Bunday sahifa yoʻq', ru: 'Такой страницы нет', en: 'There is no such page' },
  'lost.hint': {
    uz: 'Manzilni tekshiring yoki menyudan boʻlim tanlang.',
    ru: 'Проверьте адрес или выберите раздел в меню.',
    en: 'Check the address or choose a section from the menu.',
  },
  'none.title': {
    uz: 'Sizning rolingiz uchun sahifalar hali yoʻq',
    ru: 'Для вашей роли страниц пока нет',
    en: 'There are no pages for your role yet',
  },
  'none.hint': {
    uz: 'Kirish kerak boʻlsa, administratorga murojaat qiling.',
    ru: 'Если доступ нужен, обратитесь к администратору.',
    en: 'If you need access, ask your administrator.',
  },
})
