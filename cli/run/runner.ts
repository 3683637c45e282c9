import { startRunner } from '../../runner/compose.js'
import type { CommandContext } from '../command.js'
import { usageError } from '../errors.js'
import { ExitCode } from '../exit-code.js'
import { announce } from './announce.js'
import { endRunner } from './end-runner.js'
import { requireRoot } from './require-root.js'
import { aborted, processLogger, runnerConfig, started } from './serve.js'

/** `sandpiper runner`: see the command's help. */
export async function runRunner(context: CommandContext): Promise<ExitCode> {
  const { io, settings } = context
  const url = settings.redisUrl
  if (url === undefined) {
    throw usageError(
      'a runner needs the Redis that its server uses',
      'set SANDPIPER_REDIS_URL or --redis-url; `sandpiper standalone` has both in one',
    )
  }
  await requireRoot(io, 'runner')
  const redis = { url, prefix: settings.redisPrefix ?? 'sandpiper' }
  const log = processLogger(io, settings)
  const runner = await started(
    startRunner({ ...(await runnerConfig(io, settings, redis)), log }),
    io,
  )
  announce(context, { what: 'runner', address: null })
  await aborted(io.stop)
  await endRunner(runner, io, log)
  return ExitCode.ok
}
