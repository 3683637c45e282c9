import { randomUUID } from 'node:crypto'
import { link, readdir, readFile, stat, unlink, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { SandpiperError } from '../protocol/errors.js'
import { ownIdentity, parseIdentity, stateOf } from './process-identity.js'
import type { ProcessIdentity } from './process-identity.js'

export interface FileLockOptions {
  /** Longest wait, in milliseconds. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

/** Age in milliseconds at which the lock of a process that can not be seen from here counts as left. */
const UNSEEN_HOLDER_AGE_MS = 60 * 60_000
const POLL_MS_MAX = 50

interface Holder {
  /** Made anew for each time the lock is taken. */
  readonly token: string
  readonly dead: boolean
  /** The file does not say who made it, because it is still being written or was cut short. */
  readonly garbage: boolean
}

/**
 * Runs `work` while this process, and in it this call, holds the lock file at `path`. The lock of a
 * process that has died is taken over.
 *
 * A lock is a file that says who made it, put in place by link(2), which is atomic and fails when the
 * name is taken. Only who holds the matching `break` file may remove a dead one's lock, and a token is
 * never used twice, so a lock that was taken meanwhile is never removed by mistake.
 * @throws SandpiperError SP_LOCK_TIMEOUT; the signal's reason when that is aborted
 */
export async function withFileLock<T>(
  path: string,
  options: FileLockOptions,
  work: () => Promise<T>,
): Promise<T> {
  const own = await ownIdentity()
  const token = randomUUID()
  const draft = `${path}.draft-${token}`
  await writeFile(draft, JSON.stringify({ token, ...own }), { flag: 'wx', mode: 0o600 })
  try {
    await take(path, draft, own, options)
    try {
      return await work()
    } finally {
      await remove(path)
    }
  } finally {
    await remove(draft)
  }
}

async function take(
  path: string,
  draft: string,
  own: ProcessIdentity,
  options: FileLockOptions,
): Promise<void> {
  const deadline = performance.now() + options.timeoutMs
  for (let waitMs = 2; !(await linkTo(draft, path)); waitMs = Math.min(waitMs * 2, POLL_MS_MAX)) {
    options.signal?.throwIfAborted()
    if (performance.now() > deadline) throw timedOut(path, options.timeoutMs)
    const holder = await readHolder(path, own)
    if (holder === null) continue
    if (holder.dead && (await breakLock(path, draft, holder.token, own))) continue
    await pause(waitMs, options.signal)
  }
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(ms, undefined, signal ? { signal } : {})
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  }
}

/** @returns true when the dead one's lock is gone, false when another process is at it */
async function breakLock(
  path: string,
  draft: string,
  token: string,
  own: ProcessIdentity,
): Promise<boolean> {
  for (let attempt = 0; ; attempt += 1) {
    const right = `${path}.break-${token}-${String(attempt)}`
    if (await linkTo(draft, right)) {
      if ((await readHolder(path, own))?.token === token) await remove(path)
      await remove(right)
      await sweep(path, own)
      return true
    }
    const breaker = await readHolder(right, own)
    if (breaker !== null && !breaker.dead) return false
    if (breaker === null) return true
  }
}

/**
 * Removes the drafts and break files that dead processes left. A break file for the token that the lock
 * has now must stay: it is what keeps two from breaking it at once.
 */
async function sweep(path: string, own: ProcessIdentity): Promise<void> {
  const directory = dirname(path)
  const prefix = basename(path)
  const current = (await readHolder(path, own))?.token ?? 'none'
  for (const name of await readdir(directory)) {
    const rest = name.startsWith(prefix) ? name.slice(prefix.length) : ''
    if (!/^\.(?:draft|break)-/.test(rest) || rest.startsWith(`.break-${current}-`)) continue
    const left = await readHolder(join(directory, name), own)
    if (left?.dead && !left.garbage) await remove(join(directory, name))
  }
}

async function readHolder(path: string, own: ProcessIdentity): Promise<Holder | null> {
  const text = await readFile(path, 'utf8').catch(() => null)
  if (text === null) return null
  const value = parseJson(text)
  const identity = parseIdentity(value)
  if (identity === null) return holderOfGarbage(path)
  const { token } = value as { token?: unknown }
  const state = await stateOf(identity, own)
  return {
    token: typeof token === 'string' && /^[0-9a-f-]{36}$/.test(token) ? token : 'none',
    dead: state === 'dead' || (state === 'unknown' && (await isOld(path))),
    garbage: false,
  }
}

/** A power loss can leave an empty file under the name; link(2) alone never does. */
async function holderOfGarbage(path: string): Promise<Holder | null> {
  const found = await stat(path).catch(() => null)
  return found === null
    ? null
    : { token: `garbage-${String(found.ino)}`, dead: true, garbage: true }
}

async function isOld(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null)
  return found !== null && Date.now() - found.mtimeMs > UNSEEN_HOLDER_AGE_MS
}

async function linkTo(existing: string, path: string): Promise<boolean> {
  try {
    await link(existing, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

async function remove(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function timedOut(path: string, timeoutMs: number): SandpiperError {
  return new SandpiperError(
    'SP_LOCK_TIMEOUT',
    `another process has held ${path} for more than ${String(timeoutMs)} ms`,
    { hint: 'The file names the process; end it if it hangs.' },
  )
}
