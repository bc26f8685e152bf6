import { texts } from '../../i18n/i18n'

/** Why a computer is in its state: with the moment it began, and without. */
export const useTexts = texts('machine', {
  online: { uz: 'Aloqada', ru: 'На связи', en: 'Online' },
  offline: { uz: 'Aloqa yoʻq', ru: 'Не на связи', en: 'Offline' },
  unknown: { uz: 'Nomaʼlum', ru: 'Неизвестно', en: 'Unknown' },
  reporting: { uz: 'aloqada', ru: 'на связи', en: 'online' },
  'reporting.since': { uz: '{{at}} dan beri aloqada', ru: 'на связи с {{at}}', en: 'online since {{at}}' },
  no_contact: { uz: 'aloqa yoʻq', ru: 'нет связи', en: 'no contact' },
  'no_contact.since': {
    uz: '{{at}} dan beri aloqa yoʻq',
    ru: 'нет связи с {{at}}',
    en: 'no contact since {{at}}',
  },
  gateway_offline: { uz: 'shlyuzi aloqada emas', ru: 'его шлюз не на связи', en: 'its gateway is offline' },
  'gateway_offline.since': {
    uz: 'shlyuzi {{at}} dan beri aloqada emas',
    ru: 'его шлюз не на связи с {{at}}',
    en: 'its gateway is offline since {{at}}',
  },
  shutdown: { uz: 'oʻchirilgan', ru: 'выключен', en: 'shut down' },
  'shutdown.since': { uz: '{{at}} da oʻchirilgan', ru: 'выключен в {{at}}', en: 'shut down at {{at}}' },
  suspend: { uz: 'uyqu rejimida', ru: 'в спящем режиме', en: 'asleep' },
  'suspend.since': {
    uz: '{{at}} dan beri uyquda',
    ru: 'в спящем режиме с {{at}}',
    en: 'asleep since {{at}}',
  },
  logout: { uz: 'foydalanuvchi chiqib ketgan', ru: 'пользователь вышел', en: 'the user signed out' },
  'logout.since': {
    uz: 'foydalanuvchi {{at}} da chiqqan',
    ru: 'пользователь вышел в {{at}}',
    en: 'the user signed out at {{at}}',
  },
  update: { uz: 'agent yangilanmoqda', ru: 'агент обновляется', en: 'the agent is being updated' },
  'update.since': {
    uz: 'agent {{at}} dan beri yangilanmoqda',
    ru: 'агент обновляется с {{at}}',
    en: 'the agent is being updated since {{at}}',
  },
  uninstall: { uz: 'agent olib tashlangan', ru: 'агент удалён', en: 'the agent was removed' },
  'uninstall.since': {
    uz: 'agent {{at}} da olib tashlangan',
    ru: 'агент удалён в {{at}}',
    en: 'the agent was removed at {{at}}',
  },
  error: { uz: 'agentda xato', ru: 'ошибка агента', en: 'its agent failed' },
  'error.since': {
    uz: 'agent {{at}} da xato bilan toʻxtagan',
    ru: 'агент остановился с ошибкой в {{at}}',
    en: 'its agent failed at {{at}}',
  },
  never_reported: { uz: 'hali maʼlumot yubormagan', ru: 'ещё ничего не передавал', en: 'has never reported' },
  said: {
    uz: 'agent xabari: {{detail}}',
    ru: 'агент сообщил: {{detail}}',
    en: 'its agent reported: {{detail}}',
  },
  silent: { uz: 'aloqada emas', ru: 'не на связи', en: 'silent' },
})
