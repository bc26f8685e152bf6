import { texts } from '../../i18n/i18n'

export const useTexts = texts('codes', {
  expired: { uz: 'muddati oʻtdi', ru: 'срок истёк', en: 'it came too late' },
  unsupported: {
    uz: 'shlyuz buni bajara olmaydi',
    ru: 'шлюз этого не умеет',
    en: 'the gateway cannot do this',
  },
  interrupted: {
    uz: 'shlyuz bajarish paytida toʻxtadi',
    ru: 'шлюз остановился во время выполнения',
    en: 'the gateway stopped while doing it',
  },
  malformed: {
    uz: 'buyruqni oʻqib boʻlmadi',
    ru: 'команду не удалось прочитать',
    en: 'it could not be read',
  },
  timeout: { uz: 'oʻz vaqtida tugamadi', ru: 'не завершилась вовремя', en: 'it did not end in time' },
  failed: { uz: 'bajarib boʻlmadi', ru: 'не удалось выполнить', en: 'it could not be done' },
  checksum: {
    uz: 'nazorat yigʻindisi mos kelmadi',
    ru: 'контрольная сумма не совпала',
    en: 'the checksum was wrong',
  },
  bundle: { uz: 'siyosatlar tushunarsiz', ru: 'политики непонятны', en: 'the policies were not understood' },
  disk: {
    uz: 'diskka yozib boʻlmadi',
    ru: 'не удалось записать на диск',
    en: 'the disk could not be written',
  },
  memory: {
    uz: 'bajarilganini yozib qoʻyib boʻlmadi',
    ru: 'не удалось записать, что она выполнена',
    en: 'that it was done could not be noted',
  },
  refused: { uz: 'server qabul qilmadi', ru: 'сервер не принял', en: 'the server refused it' },
  agents_away: { uz: 'agentlar aloqada emas', ru: 'агенты не на связи', en: 'the agents are away' },
  no_answer: { uz: 'shlyuz javob bermadi', ru: 'шлюз не ответил', en: 'the gateway gave no answer' },
  replaced: { uz: 'yangisi oʻrnini egalladi', ru: 'заменена более новой', en: 'a newer one took its place' },
  cancelled: { uz: 'bekor qilingan', ru: 'отменена', en: 'it was taken back' },
  health_check_failed: {
    uz: 'yangi versiya ishlamadi, eskisi qaytarildi',
    ru: 'новая версия не заработала, возвращена старая',
    en: 'the new version did not work; the old one is back',
  },
})
