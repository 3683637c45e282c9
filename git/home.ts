import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { randomUUID } from 'node:crypto'

/** Directories and files that stand in for the user's home and configuration. */
export interface HomeFiles {
  readonly directory: string
  /** For everything that talks to the network. */
  readonly config: string
  /** For repos that are local paths: `upload-pack` refuses those of other owners otherwise. */
  readonly localConfig: string
}

/** Housekeeping is ours to start; submodules come in only where they are asked for. */
const CONFIG = `[gc]
\tauto = 0
[maintenance]
\tauto = false
[fetch]
\trecurseSubmodules = false
\twriteCommitGraph = false
[submodule]
\trecurse = false
[advice]
\tdetachedHead = false
[init]
\tdefaultBranch = main
`

/**
 * Only configuration files of the user and the system count for `safe.directory` (git-config(1)), and
 * `-c` does not reach the `upload-pack` of a local remote. Such remotes were named by the operator.
 */
const LOCAL_CONFIG = `${CONFIG}[safe]
\tdirectory = *
`

/** Writes them below `root`; does nothing new when they are there. */
export async function prepareHome(root: string): Promise<HomeFiles> {
  const directory = join(root, '.home', 'empty')
  const files: HomeFiles = {
    directory,
    config: join(root, '.home', 'gitconfig'),
    localConfig: join(root, '.home', 'gitconfig-local'),
  }
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await Promise.all([replace(files.config, CONFIG), replace(files.localConfig, LOCAL_CONFIG)])
  return files
}

/** Writes a file so that nobody ever sees half of it. */
export async function replace(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomUUID()}`
  await writeFile(draft, text, { mode: 0o600, flag: 'wx' })
  await rename(draft, path)
}
