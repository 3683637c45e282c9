import type { Command } from 'commander'
import { startServer } from '../../server/compose.js'
import { addCommand, type CommandContext, type Finish } from '../command.js'
import { dataDirOf } from '../data-dir.js'
import { ExitCode } from '../exit-code.js'
import type { CliIo } from '../io.js'
import { VERSION } from '../version.js'
import { announce } from './announce.js'
import { aborted, processLogger, publishAddress, serverConfig } from './serve.js'

/** `sandpiper server` */
export function addServerCommand(program: Command, io: CliIo, finish: Finish): void {
  addCommand(program, io, finish, {
    syntax: 'server',
    summary: 'take webhooks, plan builds, keep logs; runners do the work, over the same Redis',
    scope: 'server',
    examples: [
      'SANDPIPER_REDIS_URL=redis://queue.example.org:6379 sandpiper server --listen :8000',
    ],
    run: serve,
  })
}

async function serve(context: CommandContext): Promise<ExitCode> {
  const { io, settings } = context
  const { stop, abort } = io
  const logger = processLogger(io, settings)
  const server = await startServer(serverConfig(io, settings), { logger, version: VERSION })
  const withdraw = await publishAddress(dataDirOf(io, settings), server.address)
  announce(context, { what: 'server', address: server.address })
  await aborted(stop)
  await withdraw()
  await Promise.race([server.close(), aborted(abort)])
  return ExitCode.ok
}
