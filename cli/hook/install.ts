import { chmod, lstat, mkdir, readFile, realpath, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CliError, usageError } from '../errors.js'
import { ExitCode } from '../exit-code.js'
import { HOOK_CONFIG_FILE, type HookConfig } from './config.js'
import { HOOK_MARK, hookScript } from './script.js'

export interface HookInstallation {
  /** A bare repository, a `.git` directory, or a working tree that has one. */
  readonly repository: string
  readonly config: HookConfig
  readonly node: string
  readonly program: string
  /** Keep a foreign post-receive as `post-receive.previous` and run it first. */
  readonly force: boolean
}

export interface InstalledHook {
  readonly hook: string
  readonly config: string
  /** The foreign hook that runs first, or null. */
  readonly previous: string | null
}

/**
 * Writes `hooks/post-receive` and the config file with the secret into the repository.
 * @throws CliError SP_CLI_USAGE when it is no repository, SP_CLI_HOOK_EXISTS when it has a foreign hook
 */
export async function installHook(installation: HookInstallation): Promise<InstalledHook> {
  const gitDir = await findGitDir(installation.repository)
  const hook = join(gitDir, 'hooks', 'post-receive')
  const config = join(gitDir, HOOK_CONFIG_FILE)
  const previous = await makeRoom(hook, installation.force)
  await mkdir(join(gitDir, 'hooks'), { recursive: true })
  await writeAtomically(config, `${JSON.stringify(installation.config, null, 2)}\n`, 0o600)
  const { node, program } = installation
  await writeAtomically(hook, hookScript({ node, program, config, previous }), 0o755)
  return { hook, config, previous }
}

async function findGitDir(repository: string): Promise<string> {
  for (const candidate of [repository, join(repository, '.git')]) {
    const isGitDir =
      (await exists(join(candidate, 'HEAD'))) && (await exists(join(candidate, 'objects')))
    if (isGitDir) return realpath(candidate)
  }
  throw usageError(
    `${repository} is no git repository`,
    'give the path of a bare repository or of a working tree',
  )
}

/** @returns where the foreign hook that has to run first is now, or null */
async function makeRoom(hook: string, force: boolean): Promise<string | null> {
  const kept = `${hook}.previous`
  const present = await lstat(hook).catch(() => null)
  if (present === null) return null
  if (present.isFile() && (await readFile(hook, 'utf8')).includes(HOOK_MARK)) {
    return (await exists(kept)) ? kept : null
  }
  if (!force) {
    throw new CliError(
      ExitCode.usage,
      'SP_CLI_HOOK_EXISTS',
      `${hook} is there already and not ours`,
      {
        hint: `--force keeps it as ${kept} and runs it before ours`,
      },
    )
  }
  await rename(hook, kept)
  return kept
}

/** The mode is set before the content is there under its name: a secret is never readable in between. */
async function writeAtomically(file: string, content: string, mode: number): Promise<void> {
  const temporary = `${file}.${process.pid}.new`
  await writeFile(temporary, content, { mode, flag: 'wx' })
  await chmod(temporary, mode)
  await rename(temporary, file)
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null
}
