import { texts } from '../i18n/i18n'

export const useCommon = texts('common', {
  retry: { uz: 'Qayta urinish', ru: 'Повторить', en: 'Try again' },
  close: { uz: 'Yopish', ru: 'Закрыть', en: 'Close' },
  cancel: { uz: 'Bekor qilish', ru: 'Отмена', en: 'Cancel' },
  copy: { uz: 'Nusxa olish', ru: 'Копировать', en: 'Copy' },
  copied: { uz: 'Nusxa olindi', ru: 'Скопировано', en: 'Copied' },
  more: { uz: 'Yana koʻrsatish', ru: 'Показать ещё', en: 'Show more' },
  search: { uz: 'Qidirish', ru: 'Поиск', en: 'Search' },
  clear: { uz: 'Tozalash', ru: 'Очистить', en: 'Clear' },
  nothing: { uz: 'Hech narsa topilmadi', ru: 'Ничего не найдено', en: 'Nothing found' },
  loading: { uz: 'Yuklanmoqda', ru: 'Загрузка', en: 'Loading' },
  employee: { uz: 'Xodim', ru: 'Сотрудник', en: 'Employee' },
  'employee.find': { uz: 'Ism boʻyicha qidiring', ru: 'Найдите по имени', en: 'Search by name' },
  'error.title': {
    uz: 'Maʼlumot olinmadi',
    ru: 'Не удалось получить данные',
    en: 'This could not be loaded',
  },
  'error.offline': {
    uz: 'Server javob bermadi. Tarmoqni tekshiring va qayta urinib koʻring.',
    ru: 'Сервер не ответил. Проверьте сеть и повторите попытку.',
    en: 'The server did not answer. Check the network and try again.',
  },
  'error.other': {
    uz: 'Server soʻrovni bajara olmadi (HTTP {{status}}).',
    ru: 'Сервер не смог выполнить запрос (HTTP {{status}}).',
    en: 'The server could not carry out the request (HTTP {{status}}).',
  },
  'error.page': {
    uz: 'Sahifada xato yuz berdi. Uni qayta yuklang.',
    ru: 'На странице произошла ошибка. Загрузите её заново.',
    en: 'Something went wrong on this page. Reload it.',
  },
  'error.reload': { uz: 'Qayta yuklash', ru: 'Загрузить заново', en: 'Reload' },
  'error.trace': { uz: 'Soʻrov raqami', ru: 'Номер запроса', en: 'Request id' },
  'ago.now': { uz: 'hozirgina', ru: 'только что', en: 'just now' },
  'ago.minutes': { uz: '{{n}} daq oldin', ru: '{{n}} мин назад', en: '{{n}} min ago' },
  'ago.hours': { uz: '{{n}} soat oldin', ru: '{{n}} ч назад', en: '{{n}} h ago' },
  'ago.days': { uz: '{{n}} kun oldin', ru: '{{n}} дн. назад', en: '{{n}} d ago' },
  never: { uz: 'hali yoʻq', ru: 'ещё нет', en: 'never yet' },
})
