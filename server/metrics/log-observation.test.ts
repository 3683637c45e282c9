import { expect, it } from '@jest/globals'
import { pino } from 'pino'
import { logObservation } from './log-observation.js'

it('logs stages and builds by their ids, and nothing of what there is too much of', () => {
  const lines: unknown[] = []
  const logger = pino({}, { write: (line: string) => lines.push(JSON.parse(line)) })
  const stage = { buildId: 7, stageId: 9 }
  logObservation(logger, { kind: 'stage.started', ...stage, waitMs: 3 })
  logObservation(logger, { kind: 'stage.finished', ...stage, status: 'success', durationMs: 4 })
  logObservation(logger, {
    ...{ kind: 'build.finished', buildId: 7 },
    ...{ status: 'failure', durationMs: 5 },
  })
  logObservation(logger, { kind: 'step.finished', status: 'success', durationMs: 6 })
  logObservation(logger, { kind: 'log.readable', lagMs: 1 })
  expect(lines).toMatchObject([
    { msg: 'a stage started', ...stage, waitMs: 3 },
    { msg: 'a stage ended', ...stage, status: 'success', durationMs: 4 },
    { msg: 'a build ended', buildId: 7, status: 'failure', durationMs: 5 },
  ])
  expect(lines).toHaveLength(3)
})
