import type { Command } from 'commander'
import { addCommand, type Finish } from '../command.js'
import { EVENT_OPTIONS } from '../exec/event-options.js'
import { SECRET_OPTIONS } from '../exec/secrets.js'
import type { CliIo } from '../io.js'

/** `sandpiper exec` */
export function addExecCommand(program: Command, io: CliIo, finish: Finish): void {
  addCommand(program, io, finish, {
    syntax: 'exec [file]',
    summary: 'run a pipeline file on the working tree here, in the same sandbox, without a server',
    scope: 'exec',
    asRoot: true,
    options: [
      ...EVENT_OPTIONS,
      ...SECRET_OPTIONS,
      ['--pipeline <name>', 'run this pipeline of the file only, without those it depends on'],
    ],
    examples: [
      'sandpiper exec',
      'sandpiper exec ci/nightly.yml --event cron --pipeline nightly',
      "sandpiper exec --json 2> log   # the result on stdout, the steps' output as text on stderr",
    ],
    run: async (context) => (await import('../run/exec.js')).runExec(context),
  })
}
