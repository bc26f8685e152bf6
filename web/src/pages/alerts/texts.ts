import { texts } from '../../i18n/i18n'

export const useTexts = texts('alerts', {
  title: { uz: 'Ogohlantirishlar', ru: 'Оповещения', en: 'Alerts' },
  list: { uz: 'Soʻnggilari yuqorida', ru: 'Сначала новые', en: 'Newest first' },
  severity: { uz: 'Darajasi', ru: 'Уровень', en: 'Severity' },
  info: { uz: 'Maʼlumot', ru: 'Сведения', en: 'Information' },
  warning: { uz: 'Ogohlantirish', ru: 'Предупреждение', en: 'Warning' },
  critical: { uz: 'Jiddiy', ru: 'Критично', en: 'Critical' },
  what: { uz: 'Nima boʻldi', ru: 'Что произошло', en: 'What happened' },
  subject: { uz: 'Qayerda', ru: 'Где', en: 'Where' },
  at: { uz: 'Vaqti', ru: 'Время', en: 'Time' },
  'empty.title': { uz: 'Ogohlantirishlar yoʻq', ru: 'Оповещений нет', en: 'There are no alerts' },
  'empty.hint': {
    uz: 'Shlyuz aloqadan chiqsa, buferi toʻlsa yoki maʼlumot uzilsa, bu yerda koʻrinadi. Hozir hech narsa qilish shart emas.',
    ru: 'Если шлюз пропадёт, его буфер заполнится или в данных будет пропуск, это появится здесь. Сейчас ничего делать не нужно.',
    en: 'When a gateway goes away, its buffer fills up or data is missing, it shows here. Nothing needs doing now.',
  },
})
