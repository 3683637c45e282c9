import { lstat, mkdir, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../../protocol/errors.js'
import { CliError, usageError } from '../errors.js'
import { ExitCode } from '../exit-code.js'
import { HOOK_CONFIG_FILE, type HookConfig } from './config.js'
import { actAs, ownerOf, type Owner } from './owner.js'
import { HOOK_MARK, hookScript } from './script.js'
import { isShared } from './shared-repository.js'

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
 * Writes `hooks/post-receive` and the config file with the secret into the repository. Both belong to the
 * repository's owner, whoever calls this: the hook runs as the user who pushes.
 * @throws CliError SP_CLI_USAGE when it is no repository, SP_CLI_HOOK_EXISTS when it has a foreign hook,
 * SP_CLI_HOOK_OWNER when the files can't be the owner's
 */
export async function installHook(installation: HookInstallation): Promise<InstalledHook> {
  const gitDir = await findGitDir(installation.repository)
  const owner = await ownerOf(gitDir)
  try {
    return await actAs(owner, () => writeHook(gitDir, owner, installation))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EACCES' && code !== 'EPERM') throw error
    throw notTheOwner(gitDir, owner, messageOf(error))
  }
}

async function writeHook(
  gitDir: string,
  owner: Owner,
  installation: HookInstallation,
): Promise<InstalledHook> {
  const shared = await isShared(gitDir)
  if (!shared && process.geteuid?.() !== owner.uid) {
    throw notTheOwner(gitDir, owner, 'they could not read what another user writes')
  }
  const hook = join(gitDir, 'hooks', 'post-receive')
  const config = join(gitDir, HOOK_CONFIG_FILE)
  const previous = await makeRoom(hook, installation.force)
  await mkdir(join(gitDir, 'hooks'), { recursive: true })
  const secret = { mode: shared ? 0o640 : 0o600, gid: owner.gid }
  await writeAtomically(config, `${JSON.stringify(installation.config, null, 2)}\n`, secret)
  const { node, program } = installation
  await writeAtomically(hook, hookScript({ node, program, config, previous }), {
    ...{ mode: 0o755, gid: owner.gid },
  })
  return { hook, config, previous }
}

function notTheOwner(gitDir: string, { name }: Owner, why: string): CliError {
  const where = `${gitDir}, which belongs to ${name}`
  return new CliError(
    ExitCode.host,
    'SP_CLI_HOOK_OWNER',
    `can't install a hook in ${where}: ${why}`,
    {
      hint: `run it as ${name} or with sudo; all of the repository has to belong to ${name}`,
    },
  )
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
async function writeAtomically(
  file: string,
  content: string,
  { mode, gid }: { readonly mode: number; readonly gid: number },
): Promise<void> {
  const temporary = `${file}.${process.pid}.new`
  const handle = await open(temporary, 'wx', 0o600)
  try {
    const made = await handle.stat()
    if (made.gid !== gid) await handle.chown(made.uid, gid)
    await handle.chmod(mode)
    await handle.writeFile(content)
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  } finally {
    await handle.close()
  }
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null
}
