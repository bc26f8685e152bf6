import { texts } from '../../i18n/i18n'

export const useTexts = texts('alerts', {
  title: { uz: 'Ogohlantirishlar', ru: 'Оповещения', en: 'Alerts' },
  list: { uz: 'Soʻnggilari yuqorida', ru: 'Последние сверху', en: 'Newest first' },
  severity: { uz: 'Darajasi', ru: 'Уровень', en: 'Severity' },
  info: { uz: 'Maʼlumot', ru: 'Сведения', en: 'Information' },
  warning: { uz: 'Ogohlantirish', ru: 'Предупреждение', en: 'Warning' },
  critical: { uz: 'Jiddiy', ru: 'Критично', en: 'Critical' },
  what: { uz: 'Nima boʻldi', ru: 'Что произошло', en: 'What happened' },
  subject: { uz: 'Qayerda', ru: 'Где', en: 'Where' },
  at: { uz: 'Vaqti', ru: 'Время', en: 'Time' },
  open: { uz: 'Koʻrilmagan', ru: 'Новые', en: 'Open' },
  all: { uz: 'Hammasi', ru: 'Все', en: 'All' },
  acknowledge: { uz: 'Koʻrdim', ru: 'Принять', en: 'Acknowledge' },
  acknowledged: { uz: 'Koʻrilgan:', ru: 'Принято', en: 'Acknowledged' },
  gateway_offline: { uz: 'Shlyuz aloqadan chiqdi', ru: 'Шлюз пропал со связи', en: 'A gateway went offline' },
  data_gap: { uz: 'Maʼlumotda uzilish bor', ru: 'В данных пропуск', en: 'Data is missing' },
  buffer_overflow: { uz: 'Shlyuz buferi toʻlmoqda', ru: 'Буфер шлюза заполняется', en: 'A buffer fills up' },
  connection_failed: {
    uz: 'Shlyuz serverga ulana olmadi',
    ru: 'Шлюз не смог связаться с сервером',
    en: 'A gateway could not reach the server',
  },
  lastSeen: { uz: 'Oxirgi aloqa: {{at}}', ru: 'Был на связи: {{at}}', en: 'Last seen {{at}}' },
  missing: {
    uz: '{{stream}} oqimi: {{first}}–{{last}}, {{since}} dan beri',
    ru: 'Поток {{stream}}: {{first}}–{{last}}, с {{since}}',
    en: 'Stream {{stream}}: {{first}}–{{last}}, since {{since}}',
  },
  used: { uz: '{{share}} band.', ru: 'Занято {{share}}.', en: '{{share}} in use.' },
  disk: { uz: 'Diskda joy qolmadi.', ru: 'На диске нет места.', en: 'The disk is full.' },
  'empty.title': { uz: 'Ogohlantirishlar yoʻq', ru: 'Оповещений нет', en: 'There are no alerts' },
  'empty.hint': {
    uz: 'Shlyuz aloqadan chiqsa, buferi toʻlsa yoki maʼlumot uzilsa, bu yerda koʻrinadi. Hozir hech narsa qilish shart emas.',
    ru: 'Если шлюз пропадёт, его буфер заполнится или в данных будет пропуск, это появится здесь. Сейчас ничего делать не нужно.',
    en: 'When a gateway goes away, its buffer fills up or data is missing, it shows here. Nothing needs doing now.',
  },
})
