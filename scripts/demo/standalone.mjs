import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { SetupError } from '../lib/report.mjs'

const START_MS_MAX = 60_000
const STOP_MS_MAX = 60_000

/** Starts `sandpiper standalone` on a free port; `ready()` waits until it answers. */
export function startStandalone({ program, directory, env }) {
  const data = join(directory, 'data')
  const logFile = join(directory, 'server.log')
  const log = openSync(logFile, 'w')
  const child = spawn(
    process.execPath,
    [program, 'standalone', '--data', data, '--listen', '127.0.0.1:0'],
    {
      stdio: ['ignore', log, log],
      env,
    },
  )
  closeSync(log)
  const exited = once(child, 'exit')
  const server = {
    data,
    url: '',
    token: '',
    ready: () => ready(server, child),
    log: () => readFileSync(logFile, 'utf8'),
    stop: () => stop(child, exited),
    kill: () => void child.kill('SIGKILL'),
  }
  return server
}

async function ready(server, child) {
  const address = join(server.data, 'address')
  const until = Date.now() + START_MS_MAX
  while (Date.now() < until) {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new SetupError(
        `the server ended at its start (exit code ${child.exitCode ?? child.signalCode})`,
      )
    }
    server.url = existsSync(address) ? readFileSync(address, 'utf8').trim() : ''
    const answer = server.url === '' ? null : await fetch(`${server.url}/readyz`).catch(() => null)
    if (answer?.ok) {
      server.token = readFileSync(join(server.data, 'admin-token'), 'utf8').trim()
      return
    }
    await delay(50)
  }
  throw new SetupError(`the server was not ready within ${START_MS_MAX / 1000} s`)
}

/** Asks the server to end in good order. @throws SetupError when it doesn't */
async function stop(child, exited) {
  child.kill('SIGTERM')
  const late = new AbortController()
  const result = await Promise.race([exited, delay(STOP_MS_MAX, null, { signal: late.signal })])
  late.abort()
  if (result === null) throw new SetupError('the server did not end after SIGTERM')
  const [code, signal] = result
  if (code !== 0)
    throw new SetupError(`the server ended with ${signal ?? `exit code ${code}`} after SIGTERM`)
}
