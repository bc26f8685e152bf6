import { texts } from '../../../i18n/i18n'

export const useTexts = texts('shots', {
  title: { uz: 'Ekran suratlari', ru: 'Снимки экрана', en: 'Screenshots' },
  lead: {
    uz: 'Suratlar xira koʻrsatiladi. Toʻliq surat sabab bilan ochiladi va kim ochgani yozib qoʻyiladi.',
    ru: 'Снимки показаны размытыми. Полный снимок открывается с указанием причины, и кто его открыл — записывается.',
    en: 'Pictures are shown blurred. A full one opens with a reason, and who opened it is recorded.',
  },
  'lead.blurred': {
    uz: 'Suratlar xira koʻrsatiladi. Toʻliq suratni HR ochadi.',
    ru: 'Снимки показаны размытыми. Полный снимок может открыть HR.',
    en: 'Pictures are shown blurred. HR can open a full one.',
  },
  'none.hint': {
    uz: 'Agent bu kunda surat yubormagan.',
    ru: 'В этот день агент не присылал снимков.',
    en: 'The agent sent none on this day.',
  },
  'none.off': {
    uz: 'Tashkilot siyosatida ekran suratlari oʻchirilgan.',
    ru: 'В политике организации снимки экрана выключены.',
    en: 'The organization’s policy has screenshots switched off.',
  },
  missing: { uz: 'Surat kelmagan', ru: 'Снимка нет', en: 'No picture' },
  unreadable: { uz: 'Surat ochilmadi', ru: 'Снимок не загрузился', en: 'The picture did not load' },
  open: { uz: 'Suratni ochish', ru: 'Открыть снимок', en: 'Open the screenshot' },
  reason: { uz: 'Nega ochyapsiz?', ru: 'Зачем вы его открываете?', en: 'Why do you open it?' },
  'reason.hint': {
    uz: 'Sabab, ismingiz va vaqt auditga yoziladi. 5–500 belgi.',
    ru: 'Причина, ваше имя и время попадут в журнал аудита. 5–500 знаков.',
    en: 'The reason, your name and the time go into the audit log. 5–500 characters.',
  },
  'reason.again': {
    uz: 'Ochish muddati tugadi. Sababni yana yozing.',
    ru: 'Время просмотра истекло. Укажите причину ещё раз.',
    en: 'The time to look has passed. Give the reason again.',
  },
})
