import { expect, test } from '@jest/globals'
import { RegistryError } from '../errors.js'
import { DEFAULT_RETRIES } from '../limits.js'
import { Patience, withRetries } from './retry.js'

const NOW = Date.parse('2026-01-01T00:00:00Z')

function options(waits: number[]): ConstructorParameters<typeof Patience>[0] {
  const wait = (ms: number): Promise<void> => {
    waits.push(ms)
    return Promise.resolve()
  }
  return {
    retries: { ...DEFAULT_RETRIES, tries: 9 },
    timing: { now: () => NOW, wait, random: () => 1 },
  }
}

const AGAIN = new RegistryError('SP_REGISTRY_FAILED', 'failed', { again: true })

test('Waits double up to their bound', async () => {
  const waits: number[] = []
  await expect(withRetries(options(waits), () => Promise.reject(AGAIN))).rejects.toBe(AGAIN)
  expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 20_000, 20_000])
})

test('What no other try can mend is told at once', async () => {
  const waits: number[] = []
  const denied = new RegistryError('SP_IMAGE_DENIED', 'no')
  await expect(withRetries(options(waits), () => Promise.reject(denied))).rejects.toBe(denied)
  expect(waits).toEqual([])
})

test('Who has come a good way may fail as often again', async () => {
  const waits: number[] = []
  const patience = new Patience(options(waits))
  for (let failure = 0; failure < 20; failure += 1) {
    await patience.after(AGAIN)
    patience.renew()
  }
  expect(waits).toEqual(Array(20).fill(500))
})
