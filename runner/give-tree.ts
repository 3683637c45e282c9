import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface GiveOptions {
  /** Only what belongs to this id; default: all there is. */
  readonly from?: number
  readonly signal?: AbortSignal
}

/**
 * Gives a tree to another id, as user and as group. `chown` walks by descriptors and follows no links.
 * @throws AbortError as soon as `signal` is aborted
 */
export async function giveTree(
  directory: string,
  owner: number,
  { from, signal }: GiveOptions = {},
): Promise<void> {
  signal?.throwIfAborted()
  const only = from === undefined ? [] : [`--from=${from}:${from}`]
  const args = ['-hR', ...only, `${owner}:${owner}`, '--', directory]
  await run('chown', args, signal === undefined ? {} : { signal })
}
