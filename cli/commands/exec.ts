import type { Command } from 'commander'
import { addCommand, type Finish } from '../command.js'
import type { CliIo } from '../io.js'
import { EVENT_NAMES } from '../../pipelines/event.js'

/** `sandpiper exec` */
export function addExecCommand(program: Command, io: CliIo, finish: Finish): void {
  addCommand(program, io, finish, {
    syntax: 'exec [file]',
    summary: 'run a pipeline file on the working tree here, in the same sandbox, without a server',
    scope: 'exec',
    options: [
      ['--event <name>', `event to run it for: ${EVENT_NAMES.join(', ')}; default: push`],
      ['--branch <name>', 'branch to run it for; default: the one that is checked out'],
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
