import { startRunner, type RunningRunner } from '../../runner/compose.js'
import type { CommandContext } from '../command.js'
import { usageError } from '../errors.js'
import { ExitCode } from '../exit-code.js'
import { announce } from './announce.js'
import { requireRoot } from './require-root.js'
import { aborted, processLogger, runnerConfig } from './serve.js'

/** `sandpiper runner`: see the command's help. */
export async function runRunner(context: CommandContext): Promise<ExitCode> {
  const { io, settings } = context
  const { stop, abort } = io
  const url = settings.redisUrl
  if (url === undefined) {
    throw usageError(
      'a runner needs the Redis that its server uses',
      'set SANDPIPER_REDIS_URL or --redis-url; `sandpiper standalone` has both in one',
    )
  }
  requireRoot(io, 'runner')
  const redis = { url, prefix: settings.redisPrefix ?? 'sandpiper' }
  const log = processLogger(io, settings)
  const runner = await startRunner({ ...runnerConfig(io, settings, redis), log })
  announce(context, { what: 'runner', address: null })
  await aborted(stop)
  await endRunner(runner, abort)
  return ExitCode.ok
}

/** Lets what runs end; a second signal gives it back to be run elsewhere. */
export async function endRunner(runner: RunningRunner, abort: AbortSignal): Promise<void> {
  const drained = runner.close({ mode: 'drain' })
  const first = await Promise.race([
    drained.then(() => 'drained'),
    aborted(abort).then(() => 'abort'),
  ])
  if (first === 'abort') await runner.abort()
  await drained
}
