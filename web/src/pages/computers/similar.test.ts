import { expect, it } from 'vitest'
import type { Employee } from '../../api/types'
import { similar } from './similar'

const people = ['Aliyeva Nodira', 'Алиев Содиқ', 'Каримов Ботир', 'Karimova Nodira'].map(
  (name, id) => ({ id, name }) as Employee,
)
const names = (name: string, username: string) => similar({ name, username }, people).map((one) => one.name)

it('offers who a user may be, in either script, the likeliest first', () => {
  expect(names('', 'n.aliyeva')[0]).toBe('Aliyeva Nodira')
  expect(names('Karimov Botir', 'user7')[0]).toBe('Каримов Ботир')
  expect(names('', 'bkarimov')[0]).toBe('Каримов Ботир')
})

it('offers nobody for names that say nothing', () => {
  expect(names('', 'Administrator')).toEqual([])
  expect(names('Kassa', 'kassa')).toEqual([])
})
