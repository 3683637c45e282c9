import { describe, expect, it } from '@jest/globals'
import { refusalOf, refusalText } from './refusal.js'

const stage = { type: 'docker', platform: { os: 'linux', arch: 'amd64' } }
const demand = { what: 'privileged: true', step: 'build', at: '.pipeline.yml:7:5' }

describe('refusalOf', () => {
  it('lets docker and exec stages without demands run', () => {
    expect(refusalOf(stage)).toBeNull()
    expect(refusalOf({ ...stage, type: 'exec', demands: [] })).toBeNull()
  })

  it('names a type that no runner of ours can run', () => {
    const refusal = refusalOf({ ...stage, type: 'kubernetes' })!
    expect(refusal.code).toBe('SP_RUNNER_TYPE')
    expect(refusal.message).toBe('type kubernetes is not supported by this runner')
  })

  it('names every demand with its place', () => {
    const refusal = refusalOf({
      ...stage,
      demands: [demand, { what: 'volumes: host /var', at: '.pipeline.yml:20:3' }],
    })!
    expect(refusal.code).toBe('SP_RUNNER_DEMAND')
    expect(refusalText(refusal)).toBe(
      'this runner does not allow privileged: true (step build, .pipeline.yml:7:5), ' +
        'volumes: host /var (.pipeline.yml:20:3). ' +
        'These may endanger the host or other builds. Take them out of the pipeline file',
    )
  })

  it('counts the demands that are too many to be named', () => {
    const refusal = refusalOf({ ...stage, demands: Array.from({ length: 1000 }, () => demand) })!
    expect(refusal.message).toMatch(/, 980 more$/)
  })

  it('looks at the platform only where the runner says its own', () => {
    const arm = { ...stage, platform: { os: 'linux', arch: 'arm64' } }
    expect(refusalOf(arm)).toBeNull()
    const refusal = refusalOf(arm, { platform: { os: 'linux', arch: 'amd64' } })!
    expect(refusal.code).toBe('SP_RUNNER_PLATFORM')
    expect(refusal.message).toBe('the pipeline is for linux/arm64, and this runner is linux/amd64')
  })
})
