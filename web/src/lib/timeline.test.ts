import { describe, expect, it } from 'vitest'
import { bars, clamp, neighbour, pan, reveal, ticks, under, zoom, type View } from './timeline'

const HOUR = 3_600_000
const day: View = { from: 0, to: 24 * HOUR }
const item = (from: number, to: number) => ({ from: from * HOUR, to: to * HOUR })

describe('view', () => {
  it('zooms around the pointer and never leaves the day', () => {
    expect(zoom(day, day, 0.5, 6 * HOUR)).toEqual({ from: 3 * HOUR, to: 15 * HOUR })
    expect(zoom({ from: 0, to: 2 * HOUR }, day, 4, 0)).toEqual({ from: 0, to: 8 * HOUR })
    expect(zoom(day, day, 3, 5 * HOUR)).toEqual(day)
  })
  it('stops at a minute', () => {
    expect(zoom({ from: 0, to: 60_000 }, day, 0.1, 0)).toEqual({ from: 0, to: 60_000 })
  })
  it('pans to the edges', () => {
    expect(pan({ from: HOUR, to: 3 * HOUR }, day, 0.5)).toEqual({ from: 2 * HOUR, to: 4 * HOUR })
    expect(pan({ from: HOUR, to: 3 * HOUR }, day, -5)).toEqual({ from: 0, to: 2 * HOUR })
  })
  it('moves before it shrinks', () => {
    expect(clamp({ from: 23 * HOUR, to: 26 * HOUR }, day)).toEqual({ from: 21 * HOUR, to: 24 * HOUR })
  })
  it('reveals an item that is out of sight, and leaves one that is in sight', () => {
    const view = { from: 0, to: 2 * HOUR }
    expect(reveal(item(10, 11), view, day)).toEqual({ from: 9.5 * HOUR, to: 11.5 * HOUR })
    expect(reveal(item(1, 3), view, day)).toBe(view)
  })
})

describe('ticks', () => {
  it('has round hours over a day and round minutes over an hour', () => {
    expect(ticks(day, day, 960)).toHaveLength(13)
    expect(ticks({ from: 9.1 * HOUR, to: 10.1 * HOUR }, day, 640)[0]).toBe(9.25 * HOUR - 5 * 60_000)
  })
  it('has fewer where there is less room', () => {
    expect(ticks(day, day, 300).length).toBeLessThan(ticks(day, day, 1200).length)
  })
})

describe('bars', () => {
  it('places items and drops those out of view', () => {
    const laid = bars([item(0, 1), item(6, 12), item(20, 21)], { from: 2 * HOUR, to: 14 * HOUR }, 1200)
    expect(laid).toEqual([{ x: 400, width: 600, main: item(6, 12), count: 1 }])
  })
  it('cuts at both edges', () => {
    expect(bars([item(0, 24)], { from: HOUR, to: 2 * HOUR }, 100)).toMatchObject([{ x: 0, width: 100 }])
  })
  it('merges slivers, coloured by the longest', () => {
    const second = HOUR / 3600
    const slivers = [0, 2, 4].map((n) => ({ from: n * second, to: n * second + (n === 2 ? 1500 : 1000) }))
    const laid = bars(slivers, day, 1000)
    expect(laid).toHaveLength(1)
    expect(laid[0]).toMatchObject({ count: 3, main: slivers[1] })
  })
  it('keeps a day of five thousand events drawable', () => {
    const many = Array.from({ length: 5000 }, (_, n) => ({ from: n * 17_000, to: n * 17_000 + 16_000 }))
    expect(bars(many, day, 1000).length).toBeLessThan(1000)
  })
  it('draws what lasted no time', () => {
    expect(bars([item(24, 24)], day, 100)[0]).toMatchObject({ x: 98.5, width: 1.5 })
  })
})

describe('under', () => {
  const items = [item(0, 10), item(4, 5), item(12, 12)]
  it('prefers the shorter of two', () => expect(under(items, 4.5 * HOUR, 0)).toBe(items[1]))
  it('finds the nearest within the slack', () => expect(under(items, 11.9 * HOUR, HOUR)).toBe(items[2]))
  it('finds nothing far away', () => expect(under(items, 15 * HOUR, HOUR)).toBeUndefined())
})

describe('neighbour', () => {
  const items = [item(0, 1), item(8, 9), item(20, 21)]
  it('walks and stops at the ends', () => {
    expect(neighbour(items, items[1], 1, day)).toBe(items[2])
    expect(neighbour(items, items[2], 1, day)).toBe(items[2])
    expect(neighbour(items, items[0], -1, day)).toBe(items[0])
  })
  it('begins with what is in view', () => {
    expect(neighbour(items, undefined, 1, { from: 7 * HOUR, to: 23 * HOUR })).toBe(items[1])
    expect(neighbour([], undefined, 1, day)).toBeUndefined()
  })
})
