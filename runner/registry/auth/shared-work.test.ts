import { expect, test } from '@jest/globals'
import { SharedWork } from './shared-work.js'

/** Work that ends when told, and says whether it was cut short. */
function held(): {
  readonly work: (signal: AbortSignal) => Promise<string>
  readonly end: (value: string) => void
  readonly started: () => number
  readonly isCut: () => boolean
} {
  let end: (value: string) => void = () => undefined
  let started = 0
  let signal: AbortSignal | undefined
  return {
    work: (given) => {
      started += 1
      signal = given
      return new Promise((resolve) => (end = resolve))
    },
    end: (value) => end(value),
    started: () => started,
    isCut: () => signal?.aborted === true,
  }
}

test('What several want at once is done once', async () => {
  const shared = new SharedWork<string>()
  const { work, end, started } = held()
  const all = Promise.all([1, 2, 3].map(() => shared.run('key', undefined, work)))
  end('done')
  expect(await all).toEqual(['done', 'done', 'done'])
  expect(started()).toBe(1)
})

test('One of several may go without the others noticing', async () => {
  const shared = new SharedWork<string>()
  const { work, end, isCut } = held()
  const controller = new AbortController()
  const gone = shared.run('key', controller.signal, work)
  const stays = shared.run('key', new AbortController().signal, work)
  controller.abort(new Error('enough'))
  await expect(gone).rejects.toThrow('enough')
  expect(isCut()).toBe(false)
  end('done')
  expect(await stays).toBe('done')
})

test('Work that nobody waits for any more is cut short, and begun anew for the next', async () => {
  const shared = new SharedWork<string>()
  const { work, end, started, isCut } = held()
  const controller = new AbortController()
  const gone = shared.run('key', controller.signal, work)
  controller.abort(new Error('enough'))
  await expect(gone).rejects.toThrow('enough')
  expect(isCut()).toBe(true)
  const next = shared.run('key', undefined, work)
  end('again')
  expect(await next).toBe('again')
  expect(started()).toBe(2)
})

test('A failure is told to all, and not kept', async () => {
  const shared = new SharedWork<string>()
  const fail = (): Promise<string> => Promise.reject(new Error('broken'))
  const results = await Promise.allSettled([1, 2].map(() => shared.run('key', undefined, fail)))
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(await shared.run('key', undefined, () => Promise.resolve('fine'))).toBe('fine')
})
