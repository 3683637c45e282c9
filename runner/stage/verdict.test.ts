import { describe, expect, it } from '@jest/globals'
import type { SandboxExit } from '../../native/lib/types.js'
import { DEFAULT_LIMITS } from '../config.js'
import { formatBytes, formatDuration } from './format.js'
import { verdictOf } from './verdict.js'

const limits = { ...DEFAULT_LIMITS, memoryBytes: 512 * 1024 ** 2 }

const exited = (more: Partial<SandboxExit>): SandboxExit => ({
  code: 0,
  signal: null,
  oomKills: 0,
  pidsRefused: 0,
  cpuMs: 1,
  memoryPeakBytes: 1,
  wallMs: 1,
  layer: null,
  workspaceLayer: null,
  outputFile: null,
  ...more,
})

describe('verdictOf', () => {
  it('is success for exit code 0, with warnings when a child met a limit', () => {
    const exit = exited({ oomKills: 1, pidsRefused: 3, memoryPeakBytes: 511.9 * 1024 ** 2 })
    expect(verdictOf(exit, null, limits)).toEqual({
      status: 'success',
      exitCode: 0,
      error: '',
      warnings: [
        'a process was killed at the memory limit of 512 MiB (peak 511.9 MiB)',
        'a process could not be started: the pids limit of 1024 was reached',
      ],
    })
    expect(verdictOf(exited({}), null, limits)).not.toHaveProperty('warnings')
  })

  it('warns of a layer that was full, unless the error names it', () => {
    const [bytes, files] = [4 * 1024 ** 2, 10]
    const layer = { bytes, bytesMax: bytes, files, filesMax: 1000, hasLostWrites: false }
    const full = 'the disk limit of 4 MiB (used 4 MiB) was reached'
    expect(verdictOf(exited({ layer }), null, limits).warnings).toEqual([
      `a write may have been refused: ${full}`,
    ])
    const failed = verdictOf(exited({ layer, code: 1 }), null, limits)
    expect(failed).toEqual({
      status: 'failure',
      exitCode: 1,
      error: `failed: exit code 1; ${full}`,
    })
  })

  it('warns of no limit that the error names already', () => {
    const both = { code: 1, oomKills: 1, pidsRefused: 1 }
    expect(verdictOf(exited(both), null, limits).warnings).toEqual([
      'a process could not be started: the pids limit of 1024 was reached',
    ])
    const pids = exited({ code: 1, pidsRefused: 1 })
    expect(verdictOf(pids, null, limits)).not.toHaveProperty('warnings')
  })

  it('names exit codes and signals', () => {
    expect(verdictOf(exited({ code: 3 }), null, limits)).toEqual({
      status: 'failure',
      exitCode: 3,
      error: 'failed: exit code 3',
    })
    expect(verdictOf(exited({ code: null, signal: 11 }), null, limits)).toEqual({
      status: 'failure',
      exitCode: 139,
      error: 'failed: signal 11',
    })
  })

  it('names the memory limit and the peak', () => {
    const exit = exited({ code: 137, oomKills: 1, memoryPeakBytes: 511.9 * 1024 ** 2 })
    expect(verdictOf(exit, null, limits).error).toBe('killed: memory limit 512 MiB, peak 511.9 MiB')
  })

  it('names the pids limit', () => {
    const { status, error } = verdictOf(exited({ code: 2, pidsRefused: 9 }), null, limits)
    expect(status).toBe('failure')
    expect(error).toBe('failed: exit code 2; the pids limit of 1024 was reached')
  })

  it('names the peak of processes where it is known', () => {
    const exit = exited({ code: 2, pidsRefused: 9, pidsPeak: 1024 })
    const named = 'the pids limit of 1024 (peak 1024) was reached'
    expect(verdictOf(exit, null, limits).error).toBe(`failed: exit code 2; ${named}`)
    expect(verdictOf({ ...exit, code: 0 }, null, limits).warnings).toEqual([
      `a process could not be started: ${named}`,
    ])
  })

  it('tells that the CPU limit made a step slow, however it ended', () => {
    const exit = exited({ throttledMs: 12_340, throttledShare: 0.866 })
    const cpus = { ...limits, cpus: 0.5 }
    const warning =
      'the CPU limit of 0.5 held it back in 87 % of the time it wanted to run (12.3s in all)'
    expect(verdictOf(exit, null, cpus).warnings).toEqual([warning])
    expect(verdictOf(exit, { kind: 'time', limitMs: 1 }, cpus).warnings).toEqual([warning])
    expect(verdictOf({ ...exit, code: 1 }, null, cpus).warnings).toEqual([warning])
    expect(verdictOf(exit, null, limits)).not.toHaveProperty('warnings')
    const hardly = { ...exit, throttledShare: 0.05 }
    expect(verdictOf(hardly, null, cpus)).not.toHaveProperty('warnings')
  })

  it('is no success when what was written may be lost, not even with the stage', () => {
    const use = { bytes: 1, bytesMax: 1024 ** 3, files: 1, filesMax: 1000 }
    const [kept, lost] = [false, true].map((hasLostWrites) => ({ ...use, hasLostWrites }))
    const of = (more: Partial<SandboxExit>, stop: Parameters<typeof verdictOf>[1] = null) =>
      verdictOf(exited(more), stop, limits)
    const layers = { layer: lost!, workspaceLayer: lost! }
    const error =
      'the runner’s disk was full: some of what was written to the writable layer and the workspace is lost'
    expect(of(layers)).toEqual({ status: 'error', exitCode: 1, error })
    expect(of({ ...layers, code: 78 })).toEqual({ status: 'error', exitCode: 78, error })
    expect(of(layers, { kind: 'stage-ended' })).toMatchObject({ status: 'error', error })
    expect(of(layers, { kind: 'cancelled', reason: '' })).toMatchObject({ status: 'killed' })
    const one = of({ layer: kept!, workspaceLayer: lost! })
    expect(one.error).toMatch(/written to the workspace is lost$/)
    expect(of({ layer: kept!, workspaceLayer: kept! }).status).toBe('success')
  })

  it('names what the runner ended it for, whatever the exit code', () => {
    const of = (stop: Parameters<typeof verdictOf>[1]): unknown =>
      verdictOf(exited({}), stop, limits)
    expect(of({ kind: 'time', limitMs: 3_600_000 })).toMatchObject({
      status: 'killed',
      error: 'killed: time limit 60m',
    })
    expect(of({ kind: 'output', limit: '64 MiB' })).toMatchObject({
      error: 'killed: output limit 64 MiB',
    })
    expect(of({ kind: 'cancelled', reason: 'by ada' })).toMatchObject({
      status: 'killed',
      error: 'cancelled: by ada',
    })
    expect(of({ kind: 'evicted', reason: 'the disk is full' })).toMatchObject({
      status: 'error',
      error: 'the disk is full',
    })
  })

  it('is success for a detached step that ended with its stage', () => {
    const exit = exited({ code: null, signal: 15 })
    expect(verdictOf(exit, { kind: 'stage-ended' }, limits)).toEqual({
      status: 'success',
      exitCode: 0,
      error: '',
    })
  })
})

describe('formatting', () => {
  it('writes sizes with one decimal at most', () => {
    const sizes = [0, 1000, 1536, 512 * 1024 ** 2, 2.5 * 1024 ** 3, 2000 * 1024 ** 3]
    expect(sizes.map(formatBytes)).toEqual([
      '0 B',
      '1000 B',
      '1.5 KiB',
      '512 MiB',
      '2.5 GiB',
      '2000 GiB',
    ])
  })

  it('writes durations in the largest unit that is exact', () => {
    expect([3_600_000, 90_000, 1500, 0].map(formatDuration)).toEqual(['60m', '90s', '1500ms', '0s'])
  })
})
