import { texts } from '../../i18n/i18n'

export const useTexts = texts('dates', {
  date: { uz: 'Sana', ru: 'Дата', en: 'Date' },
  previous: { uz: 'Oldingi kun', ru: 'Предыдущий день', en: 'Previous day' },
  next: { uz: 'Keyingi kun', ru: 'Следующий день', en: 'Next day' },
  previousWeek: { uz: 'Oldingi hafta', ru: 'Предыдущая неделя', en: 'Previous week' },
  nextWeek: { uz: 'Keyingi hafta', ru: 'Следующая неделя', en: 'Next week' },
  today: { uz: 'Bugun', ru: 'Сегодня', en: 'Today' },
  yesterday: { uz: 'Kecha', ru: 'Вчера', en: 'Yesterday' },
  thisWeek: { uz: 'Shu hafta', ru: 'Эта неделя', en: 'This week' },
  lastWeek: { uz: 'Oʻtgan hafta', ru: 'Прошлая неделя', en: 'Last week' },
  thisMonth: { uz: 'Shu oy', ru: 'Этот месяц', en: 'This month' },
  last30: { uz: '30 kun', ru: '30 дней', en: '30 days' },
  range: { uz: 'Davr', ru: 'Период', en: 'Period' },
  previousMonth: { uz: 'Oldingi oy', ru: 'Предыдущий месяц', en: 'Previous month' },
  nextMonth: { uz: 'Keyingi oy', ru: 'Следующий месяц', en: 'Next month' },
})
