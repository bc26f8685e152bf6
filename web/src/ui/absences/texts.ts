import { texts } from '../../i18n/i18n'

/** Why people are absent, in words. */
export const useAbsenceTexts = texts('absences', {
  'kind.vacation': { uz: 'Taʼtil', ru: 'Отпуск', en: 'Vacation' },
  'kind.sick': { uz: 'Kasallik', ru: 'Больничный', en: 'Sick leave' },
  'kind.trip': { uz: 'Xizmat safari', ru: 'Командировка', en: 'Business trip' },
  'kind.unpaid': { uz: 'Haq toʻlanmaydigan taʼtil', ru: 'Отпуск без оплаты', en: 'Unpaid leave' },
  'kind.study': { uz: 'Oʻquv taʼtili', ru: 'Учебный отпуск', en: 'Study leave' },
  'kind.maternity': { uz: 'Tugʻish va bola parvarishi', ru: 'Декретный отпуск', en: 'Maternity leave' },
  'kind.other': { uz: 'Boshqa sabab', ru: 'Другая причина', en: 'Another reason' },
})
