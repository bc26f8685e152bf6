import { describe, expect, it, vi } from 'vitest'
import { events, listen } from './feed'

function stream(...pieces: (string | Uint8Array)[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces)
        controller.enqueue(typeof piece === 'string' ? new TextEncoder().encode(piece) : piece)
      controller.close()
    },
  })
}

describe('feed', () => {
  it('reads events however they are cut', async () => {
    const text = new TextEncoder().encode('data: {"name":"Ўктам"}\n\n')
    const read = []
    for await (const event of events(
      stream(
        'retry: 2000\n\nid: 7\nevent: pa',
        'ss\n',
        text.slice(0, 17),
        text.slice(17),
        ':\nid: 8\n\n',
        'id: 9',
      ),
    ))
      read.push(event)
    expect(read).toEqual([
      { name: '', data: '' },
      { id: '7', name: 'pass', data: '{"name":"Ўктам"}' },
      { id: '8', name: '', data: '' },
    ])
  })

  it('goes on from where it was, and waits longer while it cannot', async () => {
    const end = new AbortController()
    const answers: (() => Response)[] = [
      () => new Response(stream('id: 1\nevent: ready\ndata: {}\n\nid: 2\nevent: alert\ndata: {}\n\n')),
      () => {
        throw new Error('no answer')
      },
      () => new Response('{}', { status: 503 }),
      () => new Response(stream('id: 5\nevent: reset\ndata: {}\n\n')),
    ]
    const asked: (string | undefined)[] = []
    const open = vi.fn(async (last: string | undefined) => {
      asked.push(last)
      const answer = answers.shift()
      if (!answer) {
        end.abort()
        throw new Error('that was all')
      }
      return answer()
    })
    const told: string[] = []
    const waits: number[] = []
    vi.spyOn(Math, 'random').mockReturnValue(0.5)
    await listen(
      open,
      (what) => told.push(what),
      end.signal,
      {},
      async (ms) => void waits.push(ms),
    )
    expect(asked).toEqual([undefined, '2', '2', '2', '5'])
    expect(told).toEqual(['alert', 'reset'])
    expect(waits).toEqual([2000, 4000, 8000, 2000])
  })
})
