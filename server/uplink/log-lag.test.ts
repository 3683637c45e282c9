import { expect, it } from '@jest/globals'
import { encodeLogRecord } from '../../protocol/log-record.js'
import { logLag } from './log-lag.js'

const chunk = (data: string) => ({
  ...({ type: 'log', stageId: 1, attempt: 1, step: 1, offset: 0 } as const),
  data,
})

it('is counted from the last line of a chunk', () => {
  const lines = [10, 400].map((time, pos) => encodeLogRecord({ pos, out: 'x\n', time })).join('')
  expect(logLag(chunk(lines), 1_000, 1_650)).toBe(250)
  expect(logLag(chunk(lines.trimEnd()), 1_000, 1_650)).toBe(250)
})

it('is not known where nothing says when', () => {
  expect(logLag(chunk(encodeLogRecord({ pos: 0, out: 'x', time: 1 })), 0, 9)).toBeNull()
  for (const data of ['', '\n', 'null\n', '{', '{"time":"now"}\n', '[]']) {
    expect(logLag(chunk(data), 1, 9)).toBeNull()
  }
})
