import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { UplinkMessage } from '../../protocol/uplink.js'
import { Lane, type LogSource } from './lane.js'

const ref = { stageId: 7, attempt: 1 }
const started = (step: number): UplinkMessage => ({ type: 'step.started', ...ref, step, at: 0 })
const finished = (step: number): UplinkMessage => ({
  type: 'step.finished',
  ...ref,
  step,
  status: 'success',
  exitCode: 0,
  error: '',
  usage: null,
  log: { bytes: 0, lines: 0, sha256: '' },
  at: 0,
})
const stageFinished: UplinkMessage = {
  type: 'stage.finished',
  ...ref,
  status: 'success',
  error: '',
  at: 0,
}

/** A log in memory, read two bytes at a time. */
class MemoryLog implements LogSource {
  text = ''

  get length(): number {
    return this.text.length
  }

  read(offset: number): Promise<Buffer> {
    return Promise.resolve(Buffer.from(this.text.slice(offset, offset + 2)))
  }
}

async function takeAll(lane: Lane): Promise<string[]> {
  const taken: string[] = []
  let seq = 0
  for (let next = await lane.next(); next; next = await lane.next()) {
    lane.handedOut(++seq)
    const step = 'step' in next ? next.step : 0
    taken.push(next.type === 'log' ? `${step}:${next.data}@${next.offset}` : `${next.type} ${step}`)
  }
  return taken
}

describe('Lane', () => {
  it('hands a log out after the start and before the end of its step', async () => {
    const lane = new Lane(ref)
    const log = new MemoryLog()
    log.text = 'abc'
    lane.state(started(1))
    lane.openLog(1, log)
    lane.endLog(1, finished(1))
    lane.state(stageFinished)
    expect(await takeAll(lane)).toEqual([
      'step.started 1',
      '1:ab@0',
      '1:c@2',
      'step.finished 1',
      'stage.finished 0',
    ])
    expect(lane.isEmpty).toBe(true)
  })

  it('lets the logs of running steps take turns', async () => {
    const lane = new Lane(ref)
    for (const step of [1, 2]) {
      const log = new MemoryLog()
      log.text = 'abcd'
      lane.openLog(step, log)
    }
    expect(await takeAll(lane)).toEqual(['1:ab@0', '2:ab@0', '1:cd@2', '2:cd@2'])
  })

  it('tells who waits when everything is handed out, not before', async () => {
    const lane = new Lane(ref)
    const log = new MemoryLog()
    lane.openLog(1, log)
    log.text = 'ab'
    let isIdle = false
    const idle = lane.idle().then(() => (isIdle = true))
    await lane.next()
    await Promise.resolve()
    expect(isIdle).toBe(false)
    lane.handedOut(5)
    await idle
    expect(lane.lastSeq).toBe(5)
  })

  it('drops everything once it is closed', async () => {
    const lane = new Lane(ref)
    lane.state(started(1))
    lane.close()
    lane.state(stageFinished)
    await lane.idle()
    expect(await lane.next()).toBeNull()
  })

  it('keeps the order of states, and all of every log before its end, however steps interleave', async () => {
    const actions = fc.array(
      fc.record({ step: fc.integer({ min: 1, max: 4 }), take: fc.boolean() }),
      {
        maxLength: 60,
      },
    )
    await fc.assert(fc.asyncProperty(actions, checkOrder))
  })
})

async function checkOrder(actions: readonly { step: number; take: boolean }[]): Promise<void> {
  const lane = new Lane(ref)
  const logs = new Map<number, MemoryLog>()
  const states: string[] = []
  const taken: string[] = []
  for (const { step, take } of actions) {
    const log = logs.get(step)
    if (!log) {
      const made = new MemoryLog()
      logs.set(step, made)
      states.push(`step.started ${step}`)
      lane.state(started(step))
      lane.openLog(step, made)
    } else log.text += 'xyz'
    if (take) {
      const message = await lane.next()
      if (message?.type === 'log') taken.push(`${message.step}:${message.data}`)
      else if (message && 'step' in message) taken.push(`${message.type} ${message.step}`)
    }
  }
  for (const step of logs.keys()) {
    states.push(`step.finished ${step}`)
    lane.endLog(step, finished(step))
  }
  taken.push(...(await takeAll(lane)).map((line) => line.replace(/@\d+$/, '')))
  expect(taken.filter((line) => line.startsWith('step.'))).toEqual(states)
  for (const [step, log] of logs) {
    const chunks = taken.filter((line) => line.startsWith(`${step}:`))
    expect(chunks.map((line) => line.slice(2)).join('')).toBe(log.text)
    const end = taken.indexOf(`step.finished ${step}`)
    expect(taken.findLastIndex((line) => line.startsWith(`${step}:`))).toBeLessThan(end)
  }
}
