import { describe, expect, it } from '@jest/globals'
import type { StageJob } from '../../protocol/job.js'
import { describeAbort, describeDrain } from './end-runner.js'

const job = (buildNumber: number): StageJob =>
  ({ buildNumber, repo: { slug: 'octo/hello' }, stage: { name: 'default' } }) as StageJob

describe('what is told at the end of a runner', () => {
  it('names the stages that are waited for', () => {
    expect(describeDrain([job(8)])).toBe(
      'waiting for 1 running stage (octo/hello #8 default); a second Ctrl-C ends at once',
    )
    expect(describeDrain([job(8), job(9)])).toBe(
      'waiting for 2 running stages (octo/hello #8 default, octo/hello #9 default); a second Ctrl-C ends at once',
    )
  })

  it('names a few of many', () => {
    const text = describeDrain([1, 2, 3, 4, 5, 6, 7].map(job))
    expect(text).toMatch(/^waiting for 7 running stages \(octo\/hello #1 .* #5 default, 2 more\);/)
  })

  it('counts what was cut off', () => {
    expect(describeAbort(0)).toBe('ended at once')
    expect(describeAbort(1)).toBe('ended at once; 1 stage will be run again')
    expect(describeAbort(3)).toBe('ended at once; 3 stages will be run again')
  })
})
