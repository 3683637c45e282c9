import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { ROOT } from '../support/root.js'

/** A shell command that runs as an ordinary user made for it. */
export interface UserCommand {
  readonly child: ChildProcess
  /** Everything it has printed so far, on both streams. */
  output(): string
  /** Resolves with its exit code when it has ended and the user is gone. */
  readonly ended: Promise<number | null>
}

/** Where a script finds the command. */
const SANDPIPER = path.join(ROOT, 'bin/sandpiper')

/**
 * Starts one, with `$sandpiper` set. It begins in the user's empty home.
 * @param options of scripts/as-user.mjs
 */
export function startAsUser(script: string, options: readonly string[] = []): UserCommand {
  const command = ['sh', '-c', `cd; sandpiper=${SANDPIPER}\n${script}`]
  const child = spawn(
    process.execPath,
    [path.join(ROOT, 'scripts/as-user.mjs'), ...options, ...command],
    { env: cleanEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data: Buffer) => (text += data.toString()))
  }
  const ended = once(child, 'close').then(([code]) => code as number | null)
  return { child, output: () => text, ended }
}

/** Runs one to its end. */
export async function runAsUser(
  script: string,
  options: readonly string[] = [],
): Promise<{ readonly code: number | null; readonly output: string }> {
  const command = startAsUser(script, options)
  const code = await command.ended
  return { code, output: command.output() }
}

function cleanEnvironment(): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('SANDPIPER_'))
  return Object.fromEntries(inherited)
}

/** A process of this host. */
export interface Found {
  readonly pid: number
  readonly uid: number
}

/** Those with the words in their command line. */
export async function findProcesses(words: string): Promise<readonly Found[]> {
  return findAll(async (pid) => {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8')
    return line.replaceAll('\0', ' ').includes(words)
  })
}

/** Those of a user, or with an id of a range. */
export async function processesOf(first: number, count = 1): Promise<readonly Found[]> {
  return findAll(async (pid) => {
    const uid = await uidOf(pid)
    return uid >= first && uid < first + count
  })
}

async function findAll(isIt: (pid: string) => Promise<boolean>): Promise<readonly Found[]> {
  const found: Found[] = []
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    // It may have ended meanwhile.
    if (!(await isIt(pid).catch(() => false))) continue
    const uid = await uidOf(pid).catch(() => -1)
    if (uid >= 0) found.push({ pid: Number(pid), uid })
  }
  return found
}

async function uidOf(pid: string): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^Uid:\t(\d+)/m.exec(status)?.[1])
}
