import { expect, it } from 'vitest'
import { changed } from './urlState'

it('changes what is named, and leaves the rest', () => {
  const before = new URLSearchParams('q=x&sort=name&open=3')
  expect(changed(before, { sort: '-name', open: null, page: 2 }).toString()).toBe('q=x&sort=-name&page=2')
  expect(changed(before, { q: '', sort: undefined }).toString()).toBe('open=3')
  expect(before.toString()).toBe('q=x&sort=name&open=3')
})
