import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { EntrypointStep } from '../plan.js'
import { generateScript } from '../script/generate-script.js'
import { commandsSteps, stageOf } from '../testing/compile.js'

const MESSAGE = '"; touch evil; \'$(touch evil2)`touch evil3`\n#'
let directory = ''

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sandpiper-shell-'))
})

afterEach(() => {
  rmSync(directory, { recursive: true })
})

/** Runs a program as a step would be run; what it prints. */
function run(argv: readonly string[], environment: Readonly<Record<string, string>>): string {
  const [program = '', ...args] = argv
  const env = { PATH: process.env['PATH'], ...environment }
  return execFileSync(program, args, { cwd: directory, env, encoding: 'utf8' })
}

function stageWith(step: object) {
  const steps = [{ name: 'a', image: 'b', ...step }]
  return stageOf(JSON.stringify({ kind: 'pipeline', steps }), { message: MESSAGE })
}

describe('a value of a stranger, in a real shell', () => {
  it.each([
    [['/bin/sh', '-ce', 'echo "${DRONE_COMMIT_MESSAGE}"']],
    [['/bin/${Q:-sh}', '-c', 'echo "${DRONE_COMMIT_MESSAGE}"']],
    [['env', 'A=1', 'sh', '-c', 'echo "${DRONE_COMMIT_MESSAGE}"']],
  ])('is text to the program %j', (entrypoint) => {
    const stage = stageWith({ entrypoint })
    const step = stage.steps[1] as EntrypointStep
    const printed = run(step.entrypoint ?? [], { ...stage.environment, ...step.environment })
    expect(printed).toBe(`${MESSAGE}\n`)
    expect(readdirSync(directory)).toEqual([])
  })

  it.each([
    ['echo "${DRONE_COMMIT_MESSAGE}"'],
    ['cat <<EOF\n${DRONE_COMMIT_MESSAGE}\nEOF'],
    ['sh -c \'echo "${DRONE_COMMIT_MESSAGE}"\''],
  ])('is text to the command %j', (command) => {
    const stage = stageWith({ commands: [command] })
    const script = join(directory, 'script')
    writeFileSync(script, generateScript(commandsSteps(stage)['a']?.commands ?? []))
    expect(run(['/bin/sh', '-e', script], stage.environment ?? {})).toContain(`${MESSAGE}\n`)
    expect(readdirSync(directory)).toEqual(['script'])
  })
})
