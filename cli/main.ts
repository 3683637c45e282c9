import { setMaxListeners } from 'node:events'
import { homedir, hostname, userInfo } from 'node:os'
import { fileURLToPath } from 'node:url'
import { interruption } from './errors.js'
import type { CliIo } from './io.js'
import { runCli } from './program.js'
import { becomeRoot, takeEntered } from './rootless/become-root.js'

const LINGER_MS = 500

/** The edge: the only file that reads argv, the environment and the terminal, and ends the process. */
const stop = new AbortController()
const abort = new AbortController()
// Every log that is followed listens to them.
setMaxListeners(0, stop.signal, abort.signal)
let listening = false

/** From now on signals end nothing by themselves. Only what waits for `stop` asks for this. */
function listenForSignals(): void {
  if (listening) return
  listening = true
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      // A third one means that even ending at once got stuck.
      if (abort.signal.aborted) process.exit(3)
      const next = stop.signal.aborted ? abort : stop
      next.abort(interruption(signal))
    })
  }
}

// `sandpiper build logs ... | head` closes the pipe: that is no error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 3)
})

const entered = takeEntered(process.env)
const user = { name: userName(), uid: process.geteuid?.() ?? 0 }

const io: CliIo = {
  argv: process.argv.slice(2),
  env: process.env,
  cwd: process.cwd(),
  homeDir: homedir(),
  uid: (entered.user ?? user).uid,
  userName: (entered.user ?? user).name,
  becomeRoot: () => {
    const argv = [process.execPath, ...process.execArgv, ...process.argv.slice(1)]
    return becomeRoot({ user, argv, env: process.env, entered })
  },
  hostname: hostname(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  terminalSize: () => {
    const { isTTY, columns, rows } = process.stdout
    return isTTY && process.env['TERM'] !== 'dumb' ? { columns, rows } : null
  },
  colours: wantsColours(),
  programPath: fileURLToPath(new URL('../../bin/sandpiper', import.meta.url)),
  get stop() {
    listenForSignals()
    return stop.signal
  },
  get abort() {
    listenForSignals()
    return abort.signal
  },
}

process.exitCode = await runCli(io)
// Idle connections may keep the event loop busy for seconds; whoever called us need not wait for them.
setTimeout(() => process.exit(), LINGER_MS).unref()

/** The number where there is no name. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.geteuid?.() ?? 0)
  }
}

/** Colours on a terminal, unless NO_COLOR says no (https://no-color.org); FORCE_COLOR says yes. */
function wantsColours(): boolean {
  const { NO_COLOR: no, FORCE_COLOR: force, TERM: terminal } = process.env
  if (no !== undefined && no !== '') return false
  if (force !== undefined && force !== '' && force !== '0') return true
  return process.stdout.isTTY && terminal !== 'dumb'
}
