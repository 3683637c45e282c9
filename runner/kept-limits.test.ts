import { expect, it } from '@jest/globals'
import { limitsKeptBy, unkeptWarning } from './kept-limits.js'
import { limitsOfStep } from './stage/step-limits.js'

const layout = (...controllers: readonly ('memory' | 'pids' | 'cpu')[]) => ({
  hierarchies: [{ version: 2, mountPoint: '/c', controllers } as const],
})

it('keeps every limit where all controllers are', () => {
  const limits = limitsKeptBy(layout('memory', 'pids', 'cpu'), { limits: { cpus: 2 } })
  expect(limits.unkept).toBeUndefined()
  expect(unkeptWarning(limits)).toBeNull()
})

it('leaves off the built-in limits that nothing keeps, and says so', () => {
  const limits = limitsKeptBy(layout('pids'), { limits: { pids: 5 } })
  expect(limits).toMatchObject({ pids: 5, unkept: ['memory', 'cpu'] })
  expect(unkeptWarning(limits)).toContain('without a limit of memory, cpu')
  expect(unkeptWarning(limits, 'it runs')).toMatch(/^it runs without a limit of memory, cpu:/)
  expect(limitsOfStep({ resources: { pids: 4 } }, limits)).toMatchObject({ pids: 4 })
})

it('refuses a limit that is configured, and one that a step asks for', () => {
  const limits = { memoryBytes: 2 ** 30 }
  expect(() => limitsKeptBy(layout('pids'), { limits })).toThrow('SANDPIPER_STEP_MEMORY is set')
  const resources = { memoryBytes: 2 ** 20 }
  const asking = (): unknown => limitsOfStep({ resources }, limitsKeptBy(layout('pids'), {}))
  expect(asking).toThrow('nothing here can keep it')
})
