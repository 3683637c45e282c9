import type { Command } from 'commander'
import { addCommand, type Finish } from '../command.js'
import type { CliIo } from '../io.js'

/** `sandpiper lint` */
export function addLintCommand(program: Command, io: CliIo, finish: Finish): void {
  addCommand(program, io, finish, {
    syntax: 'lint [files...]',
    summary:
      'check pipeline files, directories of them, or - for stdin; exit code 1 when one has an error',
    scope: 'doctor',
    options: [
      ['--strict', 'warnings fail too'],
      ['--sarif', 'print a SARIF 2.1.0 document on stdout, for code scanning'],
    ],
    examples: [
      'sandpiper lint                     # the files that the server would take',
      'sandpiper lint --strict .pipeline.yml ci/',
      'sandpiper convert .woodpecker.yml | sandpiper lint -',
      'sandpiper lint --sarif > lint.sarif',
    ],
    run: async (context) => (await import('../run/lint.js')).runLint(context),
  })
}
