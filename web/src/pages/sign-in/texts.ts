import { texts } from '../../i18n/i18n'

export const useTexts = texts('signIn', {
  title: { uz: 'Tizimga kirish', ru: 'Вход', en: 'Sign in' },
  username: { uz: 'Foydalanuvchi nomi', ru: 'Имя пользователя', en: 'User name' },
  password: { uz: 'Parol', ru: 'Пароль', en: 'Password' },
  show: { uz: 'Parolni koʻrsatish', ru: 'Показать пароль', en: 'Show the password' },
  submit: { uz: 'Kirish', ru: 'Войти', en: 'Sign in' },
  provider: { uz: '{{name}} orqali kirish', ru: 'Войти через {{name}}', en: 'Sign in with {{name}}' },
  or: { uz: 'yoki parol bilan', ru: 'или по паролю', en: 'or with a password' },
  again: { uz: 'Boshidan boshlash', ru: 'Начать заново', en: 'Begin again' },
  wrong: {
    uz: 'Foydalanuvchi nomi yoki parol notoʻgʻri.',
    ru: 'Неверное имя пользователя или пароль.',
    en: 'The user name or the password is wrong.',
  },
  code: { uz: 'Kod', ru: 'Код', en: 'Code' },
  'code.hint': {
    uz: 'Autentifikator ilovasidagi olti raqam yoki zaxira kodi.',
    ru: 'Шесть цифр из приложения-аутентификатора или резервный код.',
    en: 'Six digits from your authenticator app, or a recovery code.',
  },
  'code.asked': {
    uz: 'Parol toʻgʻri. Endi kodni kiriting.',
    ru: 'Пароль верный. Теперь введите код.',
    en: 'The password is right. Now enter the code.',
  },
  'code.next': {
    uz: 'Sizni tanidik. Endi kodni kiriting.',
    ru: 'Вас узнали. Теперь введите код.',
    en: 'You were recognized. Now enter the code.',
  },
  'code.wrong': {
    uz: 'Kod notoʻgʻri yoki allaqachon ishlatilgan. Keyingisini kuting.',
    ru: 'Код неверен или уже использован. Дождитесь следующего.',
    en: 'The code is wrong or was used already. Wait for the next one.',
  },
  newPassword: { uz: 'Yangi parol', ru: 'Новый пароль', en: 'New password' },
  'newPassword.hint': {
    uz: 'Katta va kichik harf, raqam va belgi: @$!%*#?&',
    ru: 'Большая и маленькая буква, цифра и знак: @$!%*#?&',
    en: 'A capital and a small letter, a digit and a sign: @$!%*#?&',
  },
  'newPassword.asked': {
    uz: 'Davom etish uchun yangi parol tanlang.',
    ru: 'Чтобы продолжить, выберите новый пароль.',
    en: 'Choose a new password to go on.',
  },
  wait: {
    uz: 'Urinishlar koʻp boʻldi. {{time}} dan keyin qayta urinib koʻring.',
    ru: 'Слишком много попыток. Повторите через {{time}}.',
    en: 'Too many attempts. Try again in {{time}}.',
  },
  help: {
    uz: 'Parolni unutdingizmi? Administratorga murojaat qiling.',
    ru: 'Забыли пароль? Обратитесь к администратору.',
    en: 'Forgot the password? Ask your administrator.',
  },
})
