import type { Command } from 'commander'
import { addCommand, type Finish } from '../command.js'
import type { CliIo } from '../io.js'

/** `sandpiper explain` */
export function addExplainCommand(program: Command, io: CliIo, finish: Finish): void {
  addCommand(program, io, finish, {
    syntax: 'explain [code]',
    summary: 'tell what the code of a diagnostic means, with an example; without one list them',
    scope: 'doctor',
    examples: ['sandpiper explain SP_PIPELINE_CYCLE', 'sandpiper explain'],
    run: async (context) => (await import('../run/explain.js')).runExplain(context),
  })
}
