import { texts } from '../../i18n/i18n'

export const useTexts = texts('organizations', {
  title: { uz: 'Tashkilotlar', ru: 'Организации', en: 'Organizations' },
  list: { uz: 'Barcha tashkilotlar', ru: 'Все организации', en: 'All organizations' },
  new: { uz: 'Yangi tashkilot', ru: 'Новая организация', en: 'New organization' },
  edit: { uz: 'Tashkilotni oʻzgartirish', ru: 'Изменить организацию', en: 'Change the organization' },
  shortName: { uz: 'Qisqa nomi', ru: 'Краткое название', en: 'Short name' },
  fullName: { uz: 'Toʻliq nomi', ru: 'Полное название', en: 'Full name' },
  address: { uz: 'Manzil', ru: 'Адрес', en: 'Address' },
  phone: { uz: 'Telefon', ru: 'Телефон', en: 'Phone' },
  email: { uz: 'Elektron pochta', ru: 'Электронная почта', en: 'Email' },
  additionalDetails: { uz: 'Qoʻshimcha', ru: 'Дополнительно', en: 'Notes' },
  language: { uz: 'Hisobotlar tili', ru: 'Язык отчётов', en: 'Language of its reports' },
  zone: { uz: 'Vaqt mintaqasi', ru: 'Часовой пояс', en: 'Time zone' },
  'zone.hint': {
    uz: 'Ish kunlari shu mintaqa vaqti bilan hisoblanadi.',
    ru: 'Рабочие дни считаются по времени этого пояса.',
    en: 'Its working days are counted in this zone.',
  },
  isActive: { uz: 'Holati', ru: 'Состояние', en: 'State' },
  active: { uz: 'Faol', ru: 'Действует', en: 'Active' },
  inactive: { uz: 'Faol emas', ru: 'Отключена', en: 'Inactive' },
  'active.hint': {
    uz: 'Faol boʻlmagan tashkilot foydalanuvchilari kira olmaydi; maʼlumotlar saqlanadi.',
    ru: 'Пользователи отключённой организации не могут войти; данные сохраняются.',
    en: 'Users of an inactive organization cannot sign in; its data stays.',
  },
  demo: { uz: 'namunaviy', ru: 'демонстрационная', en: 'demo' },
  createdAt: { uz: 'Yaratilgan', ru: 'Создана', en: 'Created' },
  'empty.title': {
    uz: 'Hali tashkilot yoʻq',
    ru: 'Организаций пока нет',
    en: 'There are no organizations yet',
  },
  'empty.hint': {
    uz: 'Tashkilot yarating, keyin unga boʻlimlar va xodimlarni qoʻshing.',
    ru: 'Создайте организацию, затем добавьте в неё отделы и сотрудников.',
    en: 'Make one, then add its departments and people.',
  },
})
