import { join } from 'node:path'
import { startRunner, type RunningRunner } from '../../runner/compose.js'
import { startServer, type RunningServer } from '../../server/compose.js'
import type { CommandContext } from '../command.js'
import { dataDirOf } from '../data-dir.js'
import { ExitCode } from '../exit-code.js'
import { VERSION } from '../version.js'
import { announce } from './announce.js'
import { requireRoot } from './require-root.js'
import { endRunner } from './runner.js'
import {
  aborted,
  hostPlatform,
  processLogger,
  publishAddress,
  runnerConfig,
  serverConfig,
} from './serve.js'

/** `sandpiper standalone`: see the command's help. */
export async function runStandalone(context: CommandContext): Promise<ExitCode> {
  const { io, settings } = context
  const { stop, abort } = io
  requireRoot(io, 'standalone')
  const logger = processLogger(io, settings)
  const config = { ...serverConfig(io, settings), defaultPlatform: hostPlatform() }
  const server = await startServer(config, { logger, version: VERSION })
  try {
    const runner = await startBeside(server, context, logger)
    const withdraw = await publishAddress(dataDirOf(io, settings), server.address)
    announce(context, { what: 'standalone', address: server.address })
    await aborted(stop)
    // The runner goes first: what it still has to tell needs the server.
    await endRunner(runner, abort)
    await withdraw()
  } finally {
    await server.close()
  }
  return ExitCode.ok
}

function startBeside(
  server: RunningServer,
  { io, settings }: CommandContext,
  log: ReturnType<typeof processLogger>,
): Promise<RunningRunner> {
  const redis = { url: server.redisUrl, prefix: server.redisPrefix }
  const mirrorsDir = join(dataDirOf(io, settings), 'mirrors')
  return startRunner({ ...runnerConfig(io, settings, redis), mirrorsDir, log })
}
