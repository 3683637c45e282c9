import type { Command } from 'commander'
import { addCommand, type Finish } from '../command.js'
import type { CliIo } from '../io.js'

/** `sandpiper lint` */
export function addLintCommand(program: Command, io: CliIo, finish: Finish): void {
  addCommand(program, io, finish, {
    syntax: 'lint <files...>',
    summary: 'check pipeline files; exit code 1 when one has an error',
    scope: 'doctor',
    examples: ['sandpiper lint .pipeline.yml'],
    run: async (context) => (await import('../run/lint.js')).runLint(context),
  })
}
