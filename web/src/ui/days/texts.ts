import { texts } from '../../i18n/i18n'

export const useTexts = texts('days', {
  'day.1': { uz: 'Du', ru: 'Пн', en: 'Mo' },
  'day.2': { uz: 'Se', ru: 'Вт', en: 'Tu' },
  'day.3': { uz: 'Ch', ru: 'Ср', en: 'We' },
  'day.4': { uz: 'Pa', ru: 'Чт', en: 'Th' },
  'day.5': { uz: 'Ju', ru: 'Пт', en: 'Fr' },
  'day.6': { uz: 'Sh', ru: 'Сб', en: 'Sa' },
  'day.7': { uz: 'Ya', ru: 'Вс', en: 'Su' },
})
