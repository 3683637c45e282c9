import type { Command } from 'commander'
import { addCommand, type Finish } from '../command.js'
import { EVENT_OPTIONS } from '../exec/event-options.js'
import type { CliIo } from '../io.js'

/** `sandpiper plan` */
export function addPlanCommand(program: Command, io: CliIo, finish: Finish): void {
  addCommand(program, io, finish, {
    syntax: 'plan [file]',
    summary: 'show what an event would run as a tree, and what it would not run and why',
    scope: 'doctor',
    options: [...EVENT_OPTIONS, ['--ascii', 'draw the tree with ASCII characters only']],
    examples: [
      'sandpiper plan',
      'sandpiper plan .drone.yml --event pull_request --branch main --changed src/app.ts',
      'sandpiper plan --tag v1.2.0',
      'sandpiper plan --target prod --param VERSION=1.2.0 --json',
    ],
    run: async (context) => (await import('../run/plan.js')).runPlan(context),
  })
}
