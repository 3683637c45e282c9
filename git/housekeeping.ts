import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { inMirror } from './context.js'
import type { MirrorContext } from './context.js'
import { COMMIT_REFS_KEPT } from './limits.js'
import { runGit } from './run.js'

/**
 * Forgets the commits of a mirror that were fetched longest ago, then lets git pack what has gathered.
 * Objects that lost their ref stay for an hour more, so that nobody who reads them now loses them.
 */
export async function keepHouse(context: MirrorContext): Promise<void> {
  await dropOldRefs(inMirror(context, 'refs/sandpiper/commits'))
  await runGit({
    home: await context.home(),
    directory: context.path,
    gitDirectory: context.path,
    args: ['-c', 'gc.auto=3000', 'gc', '--auto', '--no-detach'],
    transports: '',
  })
}

async function dropOldRefs(directory: string): Promise<void> {
  const names = await readdir(directory)
  if (names.length <= COMMIT_REFS_KEPT) return
  const ages = await Promise.all(
    names.map(async (name) => ({ name, at: (await stat(join(directory, name))).mtimeMs })),
  )
  const old = ages.sort((a, b) => b.at - a.at).slice(COMMIT_REFS_KEPT)
  await Promise.all(old.map(({ name }) => rm(join(directory, name), { force: true })))
}
