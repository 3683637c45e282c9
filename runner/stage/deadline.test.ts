import { setTimeout as delay } from 'node:timers/promises'
import { expect, it } from '@jest/globals'
import { armDeadline } from './deadline.js'

it('fires when its time has come, and not at once for a limit longer than a timer can be', async () => {
  const fired: string[] = []
  const far = armDeadline(2 ** 40, () => fired.push('far'))
  armDeadline(1, () => fired.push('near'))
  // Timers fire in the order of their times: one set to nothing would have fired before this one.
  await delay(5)
  clearTimeout(far)
  expect(fired).toEqual(['near'])
})
