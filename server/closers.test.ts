import { describe, expect, it } from '@jest/globals'
import { pino } from 'pino'
import { Closers } from './closers.js'
import { createLogger } from './logger.js'

describe('closers', () => {
  it('end everything once, last made first, whatever fails', async () => {
    const closers = new Closers(pino({ level: 'silent' }))
    const order: string[] = []
    for (const name of ['a', 'b', 'c']) {
      closers.add(name, name, async (it) => {
        order.push(it)
        await Promise.resolve()
        if (it === 'b') throw new Error('on purpose')
      })
    }
    await Promise.all([closers.close(), closers.close()])
    await closers.close()
    expect(order).toEqual(['c', 'b', 'a'])
  })
})

describe('the log', () => {
  it('does not tell secrets', () => {
    let text = ''
    const logger = createLogger('info', { write: (line) => void (text += line) })
    logger.info({ secret: 'hunter2', repo: { hook_secret: 'hunter2' } }, 'x')
    logger.info({ request: { headers: { authorization: 'Bearer hunter2' } } }, 'x')
    expect(text).not.toContain('hunter2')
    expect(text.match(/\[redacted\]/g)).toHaveLength(3)
  })
})
