import { join } from 'node:path'
import { startRunner, type RunningRunner } from '../../runner/compose.js'
import { startServer, type RunningServer } from '../../server/compose.js'
import type { CommandContext } from '../command.js'
import { dataDirOf } from '../data-dir.js'
import { ExitCode } from '../exit-code.js'
import { VERSION } from '../version.js'
import { announce } from './announce.js'
import { endRunner } from './end-runner.js'
import { requireRoot } from './require-root.js'
import {
  aborted,
  hostPlatform,
  processLogger,
  publishAddress,
  runnerConfig,
  serverConfig,
  started,
} from './serve.js'

/** `sandpiper standalone`: see the command's help. */
export async function runStandalone(context: CommandContext): Promise<ExitCode> {
  const { io, settings } = context
  await requireRoot(io, 'standalone')
  const logger = processLogger(io, settings)
  const config = { ...serverConfig(io, settings), defaultPlatform: hostPlatform() }
  const server = await started(startServer(config, { logger, version: VERSION }), io)
  try {
    const runner = await started(startBeside(server, context, logger), io)
    const withdraw = await publishAddress(dataDirOf(io, settings), server.address)
    announce(context, { what: 'standalone', address: server.address })
    await aborted(io.stop)
    // The runner goes first: what it still has to tell needs the server.
    await endRunner(runner, io, logger)
    await withdraw()
  } finally {
    const closed = server.close()
    // What a runner that was cut off had to tell is still taken; else the second signal counts here too.
    await (io.abort.aborted ? closed : Promise.race([closed, aborted(io.abort)]))
  }
  return ExitCode.ok
}

async function startBeside(
  server: RunningServer,
  { io, settings }: CommandContext,
  log: ReturnType<typeof processLogger>,
): Promise<RunningRunner> {
  const redis = { url: server.redisUrl, prefix: server.redisPrefix }
  const mirrorsDir = join(dataDirOf(io, settings), 'mirrors')
  return startRunner({ ...(await runnerConfig(io, settings, redis)), mirrorsDir, log })
}
