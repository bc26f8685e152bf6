import { expect, it } from 'vitest'
import { AT_ONCE, BLANK, bodyOf, linesOf, stageOf, valuesOf } from './input'

it('brings lines to the form in which the server names them', () => {
  expect(linesOf(' Bank.uz \n\nkun.uz\nBANK.UZ\na.uz', true)).toEqual(['a.uz', 'bank.uz', 'kun.uz'])
  expect(linesOf('Maosh\nMAOSH\nBalans', false)).toEqual(['Balans', 'Maosh'])
  expect(linesOf(' \n', true)).toEqual([])
})

const content = {
  activeWindows: true,
  visitedSites: false,
  screenshots: true,
  screenshotSeconds: 60,
  screenshotGrayscale: true,
  screenshotAll: false,
  hours: { zone: 'Asia/Tashkent', days: [1, 2], from: '10:00', to: '19:00' },
  exclude: { titles: ['Maosh'], sites: ['bank.uz', 'kun.uz'], applications: [], privateWindows: true },
  groups: [{ id: 7, name: 'Suhbat', type: 'WEBSITE', category: 'unproductive', values: ['t.me'] }],
}

it('sends back what it was given', () => {
  const values = valuesOf({ title: 'Ofis', isActive: true, content })
  expect(bodyOf(values, 'Asia/Samarkand')).toEqual({
    ...content,
    title: 'Ofis',
    isActive: true,
    groups: [{ id: 7, category: 'unproductive' }],
  })
})

it('sends no hours where recording has none', () => {
  expect(bodyOf(BLANK, 'Asia/Tashkent')).not.toHaveProperty('hours')
  expect(bodyOf({ ...BLANK, limited: true }, 'Asia/Tashkent').hours?.zone).toBe('Asia/Tashkent')
})

it('says how a version goes out only where that is not at once', () => {
  expect(stageOf(AT_ONCE)).toEqual({})
  expect(stageOf({ ...AT_ONCE, percent: 10 })).toEqual({ percent: 10 })
  expect(stageOf({ percent: 10, step: 30, everyMinutes: 60 })).toEqual({
    percent: 10,
    step: 30,
    everyMinutes: 60,
  })
})
