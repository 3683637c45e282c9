import { describe, expect, it } from '@jest/globals'
import type { ApiBuild } from '../client/api.js'
import { describeBuild } from './describe-build.js'

const BUILD = {
  ...{ id: 1, number: 3, event: 'push', ref: 'refs/heads/main', branch: 'main', status: 'error' },
  ...{ before: '0'.repeat(40), after: 'a'.repeat(40), message: 'A change', error: '' },
  ...{ author_name: 'Ada', author_email: 'ada@example.com', created_ms: 0, started_ms: 0 },
  ...{ finished_ms: 0, updated_ms: 0, link: '' },
} as unknown as ApiBuild

const describeWith = (more: Partial<ApiBuild>): string =>
  describeBuild({ owner: 'octo', name: 'hello' }, { ...BUILD, ...more }, false)

describe('a build as text', () => {
  it('keeps the lines of what is wrong with its file, and lets none steer the terminal', () => {
    const error = '.pipeline.yml:1:1: error X: wrong\n  1 | kind\x1b[2J: x\n    | ^^^^'
    expect(describeWith({ error })).toContain(
      '\n.pipeline.yml:1:1: error X: wrong\n  1 | kind: x\n    | ^^^^',
    )
  })

  it('has no lines for what is not known, as of a branch that is not there', () => {
    const none = { message: '', author_name: '', author_email: '', after: '' }
    expect(describeWith({ ...none, error: 'no such branch' })).toBe(
      'octo/hello #3  error\npush refs/heads/main\ncreated  1970-01-01 00:00:00 UTC\nno such branch',
    )
  })

  it('tells what to do about a warning', () => {
    const place = { file: '.pipeline.yml', line: 2, column: 1 }
    const own = { ...place, code: 'SP_OTHER', message: 'odd', hint: 'do this' }
    const known = { ...place, code: 'SP_PIPELINE_NO_EFFECT', message: 'idle' }
    const unknown = { ...place, code: 'toString', message: 'new' }
    const text = describeWith({ warnings: [own, known, unknown] })
    expect(text).toContain('.pipeline.yml:2:1: warning SP_OTHER odd\n  hint: do this\n')
    expect(text).toMatch(/NO_EFFECT idle\n {2}hint: take it out/)
    expect(text).toMatch(/warning toString new$/)
  })

  it('tells what a step used, but nothing of what it used nothing of', () => {
    const usage = {
      ...{ cpu_ms: 12_340, memory_peak_bytes: 512 * 1024 ** 2, throttled_ms: 4_200 },
      ...{ io_read_bytes: 0, io_write_bytes: 3 * 1024 ** 2 },
      ...{ network_rx_bytes: 2048, network_tx_bytes: 1024 },
    }
    const base = { error: '', exit_code: 0, started_ms: 0, stopped_ms: 0, status: 'success' }
    const steps = [
      { ...base, number: 1, name: 'build', usage },
      { ...base, number: 2, name: 'idle', usage: { cpu_ms: 1, memory_peak_bytes: 4096 } },
      { ...base, number: 3, name: 'skipped', usage: null },
    ]
    const stage = { ...base, number: 1, name: 'default', steps }
    const text = describeWith({ stages: [stage] } as unknown as Partial<ApiBuild>)
    expect(text).toContain(
      '\n        cpu 12.34s, memory 512 MiB, disk 3 MiB written, network 2 KiB in 1 KiB out, held back 4.2s\n',
    )
    expect(text).toContain('\n        cpu 0s, memory 4 KiB\n')
    expect(text).toMatch(/skipped$/)
  })
})
