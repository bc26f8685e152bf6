import { texts } from '../../i18n/i18n'

export const useTexts = texts('signIn', {
  title: { uz: 'Tizimga kirish', ru: 'Вход', en: 'Sign in' },
  username: { uz: 'Foydalanuvchi nomi', ru: 'Имя пользователя', en: 'User name' },
  password: { uz: 'Parol', ru: 'Пароль', en: 'Password' },
  show: { uz: 'Parolni koʻrsatish', ru: 'Показать пароль', en: 'Show the password' },
  submit: { uz: 'Kirish', ru: 'Войти', en: 'Sign in' },
  wrong: {
    uz: 'Foydalanuvchi nomi yoki parol notoʻgʻri.',
    ru: 'Неверное имя пользователя или пароль.',
    en: 'The user name or the password is wrong.',
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
