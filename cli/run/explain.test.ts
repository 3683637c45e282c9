import { describe, expect, it } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { CODE_EXAMPLES } from '../../pipelines/diagnostics/code-examples.js'
import { PIPELINE_CODES } from '../../pipelines/diagnostics/codes.js'

const program = path.resolve(__dirname, '../../bin/sandpiper')

function explain(...args: string[]) {
  return spawnSync(process.execPath, [program, 'explain', ...args], { encoding: 'utf8' })
}

describe('sandpiper explain', () => {
  it('tells what a code means, what to do, and shows it wrong and right', () => {
    const { status, stdout } = explain('SP_PIPELINE_CYCLE')
    expect(status).toBe(0)
    expect(stdout).toMatch(
      /^SP_PIPELINE_CYCLE: Steps or pipelines wait for each other\.\n\nTo do: /,
    )
    expect(stdout).toMatch(
      /\n\nWrong:\n\n {4}kind: pipeline\n[^]*\n\nRight:\n\n {4}kind: pipeline\n/,
    )
  })

  it('takes the short name and gives one document with --json', () => {
    const { status, stdout } = explain('--json', 'cycle')
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      code: 'SP_PIPELINE_CYCLE',
      example: CODE_EXAMPLES.SP_PIPELINE_CYCLE,
    })
  })

  it('lists all codes', () => {
    const { stdout } = explain()
    for (const [code, meaning] of Object.entries(PIPELINE_CODES)) {
      expect(stdout.replace(/ +/g, ' ')).toContain(`${code} ${meaning}`)
    }
    expect(JSON.parse(explain('--json').stdout)).toHaveLength(Object.keys(PIPELINE_CODES).length)
  })

  it('knows what was meant', () => {
    const { status, stderr } = explain('SP_PIPELINE_CYCEL')
    expect(status).toBe(2)
    expect(stderr).toContain('did you mean `SP_PIPELINE_CYCLE`?')
  })
})
