import type { Command } from 'commander'
import { addCommand, type Finish } from '../command.js'
import type { CliIo } from '../io.js'
import { listRunners } from './runner-list.js'

/** `sandpiper runner` */
export function addRunnerCommand(program: Command, io: CliIo, finish: Finish): void {
  addCommand(program, io, finish, {
    syntax: 'runner',
    summary: 'take stages from the queue and run their steps',
    scope: 'runner',
    asRoot: true,
    examples: ['SANDPIPER_REDIS_URL=redis://queue.example.org:6379 sandpiper runner'],
    run: async (context) => (await import('../run/runner.js')).runRunner(context),
  })
  const runner = program.commands.find((command) => command.name() === 'runner')
  if (runner === undefined) return
  addCommand(runner, io, finish, {
    syntax: 'ls',
    summary: 'list the runners that a server knows, with what they offer',
    scope: 'client',
    examples: ['sandpiper runner ls'],
    run: listRunners,
  })
}
