import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { messageOf } from '../../../protocol/errors.js'

export interface ProgramOptions {
  readonly cwd?: string
  /** Let out what the program prints: not when it is a pipe that a grandchild may hold open. */
  readonly quiet?: boolean
}

/** Runs a program to its end. Rejects when it does not exit with 0, with what it printed. */
export function runProgram(
  command: string,
  args: readonly string[],
  { cwd, quiet = false }: ProgramOptions = {},
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'ignore', quiet ? 'ignore' : 'pipe'],
      cwd,
    })
    let stderr = ''
    child.stderr?.on('data', (data: Buffer) => (stderr += data.toString()))
    child.on('error', reject)
    child.on(quiet ? 'exit' : 'close', (code) => {
      if (code === 0) resolve()
      else reject(new ProgramError(`${command} ${args.join(' ')} ended with ${code}`, stderr))
    })
  })
}

class ProgramError extends Error {
  constructor(
    message: string,
    readonly stderr: string,
  ) {
    super(`${message}: ${stderr}`)
  }
}

/** The first line that a program which failed had to say. */
export function reasonOf(error: unknown): string {
  const text = error instanceof ProgramError ? error.stderr : messageOf(error)
  return text.trim().split('\n')[0] ?? text
}

/** Starts a program that goes on until it is ended. `third`: what its descriptor 3 is. */
export async function startProgram(
  command: string,
  args: readonly string[],
  third: 'ignore' | 'pipe' = 'ignore',
): Promise<ChildProcess> {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'ignore', third] })
  await once(child, 'spawn')
  return child
}

/** What a sandbox runs that is to stay: it says so when it is up. */
export const SLEEP = ['/bin/sh', '-c', 'echo up; exec sleep 1000'] as const

/**
 * The same for what runs `SLEEP`: resolves when that is up. Who kills the maker of a sandbox that is not
 * finished yet may leave its processes behind.
 */
export async function startSleeper(
  command: string,
  args: readonly string[],
): Promise<ChildProcess> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] })
  const gone = once(child, 'exit').then(() => {
    throw new Error(`${command} ${args.join(' ')} ended before its sandbox was up`)
  })
  gone.catch(() => undefined)
  await Promise.race([once(child.stdout, 'data'), gone])
  return child
}

/** Kills a program and waits for its end. */
export async function endProgram(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

/** Whether there is such a program to be run, and what it says to `--version`. */
export async function hasProgram(command: string): Promise<boolean> {
  return runProgram(command, ['--version']).then(
    () => true,
    () => false,
  )
}
