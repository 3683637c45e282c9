import type { Command } from 'commander'
import { addCommand, type Finish } from '../command.js'
import type { CliIo } from '../io.js'

/** `sandpiper server` */
export function addServerCommand(program: Command, io: CliIo, finish: Finish): void {
  addCommand(program, io, finish, {
    syntax: 'server',
    summary: 'take webhooks, plan builds, keep logs; runners do the work, over the same Redis',
    scope: 'server',
    examples: [
      'SANDPIPER_REDIS_URL=redis://queue.example.org:6379 sandpiper server --listen :8000',
    ],
    run: async (context) => (await import('../run/server.js')).runServer(context),
  })
}
