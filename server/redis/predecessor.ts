import { readFile, readlink, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { redisFailed } from '../errors.js'
import { hasCode } from '../error-code.js'

const POLL_MS = 20
/** After this long a predecessor that does not go by itself is told to. */
const PATIENCE_MS = 1_000
const GONE_WITHIN_MS = 15_000

/** The file that the private Redis keeps its process id in while it runs. */
export function pidFileOf(redisDir: string): string {
  return join(redisDir, 'redis.pid')
}

/**
 * Waits until the Redis of a server that was killed is gone: two on one append-only file would ruin
 * it. Call it only while holding the data directory.
 * @throws SandpiperError SP_REDIS_FAILED when it does not go
 */
export async function waitForPredecessor(redisDir: string): Promise<void> {
  const pid = await recordedPid(redisDir)
  if (pid === null) return
  const start = Date.now()
  let told = false
  while (await runsIn(pid, redisDir)) {
    const waitedMs = Date.now() - start
    if (waitedMs > GONE_WITHIN_MS) throw redisFailed(`an older one (process ${pid}) does not end`)
    if (!told && waitedMs > PATIENCE_MS) told = terminate(pid)
    await sleep(POLL_MS)
  }
}

async function recordedPid(redisDir: string): Promise<number | null> {
  try {
    const pid = Number.parseInt(await readFile(pidFileOf(redisDir), 'utf8'), 10)
    return pid > 1 ? pid : null
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null
    throw error
  }
}

/** True when the process is a Redis that works in our directory, not a newcomer with its number. */
async function runsIn(pid: number, redisDir: string): Promise<boolean> {
  try {
    const directory = await readlink(`/proc/${pid}/cwd`)
    const command = await readFile(`/proc/${pid}/cmdline`, 'latin1')
    return directory === (await realpath(redisDir)) && command.includes('redis-server')
  } catch {
    return false
  }
}

function terminate(pid: number): boolean {
  try {
    process.kill(pid, 'SIGTERM')
  } catch {
    // It went in this moment.
  }
  return true
}
