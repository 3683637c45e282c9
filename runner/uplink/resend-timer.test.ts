import { describe, expect, it } from '@jest/globals'
import { ResendTimer } from './resend-timer.js'

describe('ResendTimer', () => {
  it('is due two seconds after the first message that nothing was said about', () => {
    const timer = new ResendTimer()
    expect(timer.isDue(1e9)).toBe(false)
    timer.sent(1000)
    timer.sent(2500)
    expect(timer.isDue(2999)).toBe(false)
    expect(timer.isDue(3000)).toBe(true)
  })

  it('starts again with every acknowledgement', () => {
    const timer = new ResendTimer()
    timer.sent(0)
    timer.progressed(1500)
    expect(timer.isDue(3000)).toBe(false)
    expect(timer.isDue(3500)).toBe(true)
  })

  it('waits twice as long after each time without an answer, 30 seconds at most', () => {
    const timer = new ResendTimer()
    timer.sent(0)
    const pauses: number[] = []
    for (let now = 0, last = 0; pauses.length < 7; now += 500) {
      if (!timer.isDue(now)) continue
      pauses.push(now - last)
      last = now
      timer.resent(now)
    }
    expect(pauses).toEqual([2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000])
  })

  it('is never due while nothing is unacknowledged', () => {
    const timer = new ResendTimer()
    timer.sent(0)
    timer.idle()
    expect(timer.isDue(1e9)).toBe(false)
    expect(timer.isOverdue(1e9)).toBe(false)
  })
})
