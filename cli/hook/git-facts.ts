import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A line of a post-receive hook's stdin (githooks(5)). */
export interface RefUpdate {
  readonly before: string
  readonly after: string
  readonly ref: string
}

export interface CommitFacts {
  /** The commit itself, also where the ref names an annotated tag; empty when git can't tell. */
  readonly id: string
  readonly message: string
  /** Unix time in milliseconds; absent when git can't tell. */
  readonly committed?: number
  readonly author: { readonly name: string; readonly email: string }
}

/** Parses `old new ref` lines; lines of any other form are left out. */
export function parseRefUpdates(text: string): RefUpdate[] {
  const updates: RefUpdate[] = []
  for (const line of text.split('\n')) {
    const match = /^([0-9a-f]{40,64}) ([0-9a-f]{40,64}) (refs\/\S+)$/.exec(line)
    if (match === null) continue
    const [, before = '', after = '', ref = ''] = match
    updates.push({ before, after, ref })
  }
  return updates
}

/** True for the all-zeros id by which git says that a ref was deleted or is new. */
export function isNullId(id: string): boolean {
  return /^0+$/.test(id)
}

/** Message and author of a commit (of the commit a tag points to); empty fields when git can't tell. */
export async function commitFacts(gitDir: string, id: string): Promise<CommitFacts> {
  const format = '--format=%H%x00%ct%x00%an%x00%ae%x00%B'
  const args = [
    '--git-dir',
    gitDir,
    'log',
    '-1',
    '--no-show-signature',
    format,
    `${id}^{commit}`,
    '--',
  ]
  const { stdout } = await run('git', args, { maxBuffer: 4 * 1024 * 1024, timeout: 10_000 }).catch(
    () => ({ stdout: '' }),
  )
  const [hash = '', time = '', name = '', email = '', message = ''] = stdout.split('\0')
  const committed = time === '' ? {} : { committed: Number(time) * 1000 }
  return { id: hash, message: message.trimEnd(), ...committed, author: { name, email } }
}
