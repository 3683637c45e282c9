import type { Command } from 'commander'
import { addCommand, type Finish } from '../command.js'
import type { CliIo } from '../io.js'

/** `sandpiper standalone` */
export function addStandaloneCommand(program: Command, io: CliIo, finish: Finish): void {
  addCommand(program, io, finish, {
    syntax: 'standalone',
    summary: 'run server, runner and a private Redis in one',
    scope: 'standalone',
    asRoot: true,
    examples: [
      'sandpiper standalone',
      'sandpiper standalone --data /srv/sandpiper --listen 0.0.0.0:8000 --public-url https://ci.example.org',
    ],
    run: async (context) => (await import('../run/standalone.js')).runStandalone(context),
  })
}
