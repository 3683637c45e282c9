import { describe, expect, it } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const tally = pathToFileURL(path.resolve(__dirname, '../../scripts/vm/tally.mjs')).href

const suite = (failures: readonly string[]): string =>
  JSON.stringify({
    suite: 'native/lib/x.test.ts',
    passed: 2,
    failed: failures.length,
    skipped: 1,
    ms: 1500,
    failures: failures.map((title) => ({ title, message: 'the reason' })),
  })

interface Judgement {
  readonly counts: object
  readonly trouble: string
}

/** What `npm run test:vm` makes of lines from the guest and of how the machine ended. */
function judge(lines: readonly string[], end: string): Judgement & { readonly said: string } {
  const source = `
    import { Tally } from '${tally}'
    const tally = new Tally()
    for (const line of ${JSON.stringify(lines)}) tally.add(line)
    const { passed, failed } = tally
    console.log(JSON.stringify({ counts: { passed, failed }, trouble: tally.trouble('${end}') }))`
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', source],
    { encoding: 'utf8' },
  )
  return { ...(JSON.parse(stdout) as Judgement), said: stderr }
}

describe('the tally of a virtual machine', () => {
  it('counts what each file tells, whatever noise is between', () => {
    const lines = ['\u001bc', '7', 'null', suite([]), suite(['a', 'b']), '{"end":1}']
    const { counts, trouble, said } = judge(lines, 'off')
    expect(counts).toEqual({ passed: 4, failed: 2 })
    expect(trouble).toBe('')
    expect(said).toContain('ok    native/lib/x.test.ts: 2 passed, 1 skipped (1.5 s)')
    expect(said.match(/the reason/g)).toHaveLength(1)
  })

  it.each([
    ['a machine that went off early', [suite([])], 'off', 'before the tests had ended'],
    ['tests that took too long', [suite([])], 'time', 'longer than they may'],
    ['an emulator that failed', [], 'no such device', 'qemu: no such device'],
    ['tests that were not found', ['{"end":1}'], 'off', 'jest ended with exit code 1'],
  ])('says what is wrong with %s', (_, lines, end, words) => {
    expect(judge(lines, end).trouble).toContain(words)
  })

  it('finds nothing wrong with tests that ran', () => {
    expect(judge([suite([]), '{"end":0}'], 'off').trouble).toBe('')
  })
})
