import { expect, it } from 'vitest'
import { alike, compareNames, fold, words } from './fold'

it('writes the three spellings of a name alike', () => {
  expect(new Set(['Aliyeva', 'Алиева', 'Алийева'].map(fold)).size).toBe(1)
  expect(fold('Oʻtkir Gʻaniyev')).toBe(fold('Ўткир Ғаниев'))
  expect(fold('Xolmatov')).toBe(fold('Холматов'))
  expect(fold('Qodirov')).toBe(fold('Қодиров'))
  expect(new Set(['Joʻrayev', 'Жўраев', 'Жураев', 'Jurayev'].map(fold)).size).toBe(1)
  expect(new Set(['Oʻktam', 'O’ktam', 'Ўктам', 'Уктам'].map(fold)).size).toBe(1)
  expect(fold('Shuhrat')).toBe(fold('Шухрат'))
})

it('orders names of both scripts by one alphabet', () => {
  const names = ['Umarov', 'Ҳамидова', 'Холматова', 'Hamidov', 'Orifov', 'Қаюмов', 'Karimov']
  expect(names.sort(compareNames)).toEqual([
    'Hamidov',
    'Ҳамидова',
    'Karimov',
    'Orifov',
    'Қаюмов',
    'Umarov',
    'Холматова',
  ])
})

it('takes a user name apart', () => {
  expect(words('n.aliyeva')).toEqual(['aleva', 'n'])
  expect(words('PC-17')).toEqual(['pc'])
})

it('finds whose user name it is, in either script', () => {
  const people = ['Алиева Нодира Бахтиёровна', 'Aliqulov Nodir', 'Rahimova Dilnoza']
  const best = (name: string) => people.toSorted((a, b) => alike(name, b) - alike(name, a))[0]
  expect(best('n.aliyeva')).toBe(people[0])
  expect(best('Рахимова Д.')).toBe(people[2])
  expect(best('drahimova')).toBe(people[2])
  expect(alike('kassa', people[0]!)).toBe(0)
  expect(alike('', 'x')).toBe(0)
})
