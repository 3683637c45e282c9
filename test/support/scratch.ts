import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** A temporary directory of the test's own; its path is short, since unix sockets may stand in it. */
export async function makeScratch(): Promise<{ dir: string; remove: () => Promise<void> }> {
  const dir = await mkdtemp(path.join(tmpdir(), 'sp-test-'))
  return { dir, remove: () => rm(dir, { recursive: true, force: true }) }
}
