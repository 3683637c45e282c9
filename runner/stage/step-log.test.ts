import { describe, expect, it } from '@jest/globals'
import { StepLog } from './step-log.js'

function open(): { readonly log: StepLog; readonly text: () => string } {
  const written: Buffer[] = []
  const log = new StepLog((data) => {
    written.push(data)
    return undefined
  })
  return { log, text: () => Buffer.concat(written).toString() }
}

describe('StepLog', () => {
  it('starts a line of its own where the step left one open', async () => {
    const { log, text } = open()
    await log.write(Buffer.from('half'), 'stdout')
    await log.say('killed')
    await log.say('twice')
    expect(text()).toBe('half\n[sandpiper] killed\n[sandpiper] twice\n')
  })

  it('adds no empty line', async () => {
    const { log, text } = open()
    await log.write(Buffer.from('whole\n'), 'stdout')
    await log.write(Buffer.alloc(0), 'stdout')
    await log.say('done')
    expect(text()).toBe('whole\n[sandpiper] done\n')
  })
})
