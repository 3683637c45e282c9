import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { compilePipeline } from '../compile/compile-pipeline.js'
import { fileOf } from '../testing/compile.js'
import { pushInput } from '../testing/events.js'

/** Folder with real pipeline files, which are not ours to ship. */
const corpus = process.env['SANDPIPER_CORPUS'] ?? ''
const isThere = corpus !== '' && existsSync(corpus)
if (!isThere) {
  process.stderr.write('skipped: real files, because SANDPIPER_CORPUS names no corpus folder\n')
}

/** What a message of a commit may be at worst: every text in it is for a shell to run. */
const MESSAGE = 'a\'"; rm -rf / #\n`id` $(id)'
const AUTHOR = { login: MESSAGE, name: MESSAGE, email: MESSAGE, avatar: MESSAGE }

;(isThere ? describe : describe.skip)('real files', () => {
  it.each(['drone', 'woodpecker', 'drone-testdata', 'woodpecker-testdata'])(
    'of %s have their variables replaced, with a place for every warning',
    (kind) => {
      const folder = join(corpus, kind)
      const files = readdirSync(folder).filter((file) => /\.ya?ml$/.test(file))
      expect(files.length).toBeGreaterThan(0)
      for (const file of files) {
        const source = fileOf(readFileSync(join(folder, file), 'utf8'), nameFor(kind))
        const input = pushInput({ message: MESSAGE, branch: 'a;b', author: AUTHOR })
        const { plan, diagnostics } = compilePipeline([source], input)
        const told = diagnostics.filter(({ code }) => code === 'SP_PIPELINE_SUBSTITUTION')
        expect(told.filter(({ start }) => start.line < 1 || start.column < 1)).toEqual([])
        expect(diagnostics.map(({ code }) => code)).not.toContain('SP_PIPELINE_INTERNAL')
        const steps = plan?.stages.flatMap((stage) => stage.steps) ?? []
        const commands = steps.flatMap((step) => (step.kind === 'commands' ? step.commands : []))
        expect(commands.filter((command) => command.includes('rm -rf / #'))).toEqual([])
      }
    },
  )
})

function nameFor(kind: string): string {
  return kind.startsWith('drone') ? '.drone.yml' : '.woodpecker.yml'
}
