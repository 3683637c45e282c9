import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { replace } from './home.js'
import { LOGIN_HELPER } from './login-helper.js'
import type { RemoteUrl } from './remote-url.js'

/** Object format of a repository: SHA-1 ids have 40 hex digits, SHA-256 ids 64. */
export type ObjectFormat = 'sha1' | 'sha256'

/** The object format that a commit id belongs to. */
export function objectFormatOf(commit: string): ObjectFormat {
  return commit.length === 64 ? 'sha256' : 'sha1'
}

/** Ref under which a mirror keeps a commit that was fetched whole, with everything it needs. */
export function commitRef(commit: string): string {
  return `refs/sandpiper/commits/${commit}`
}

/**
 * Lays out a repository as `git init` does (gitrepository-layout(5)), without a process. The files are
 * not synced to disk: a mirror can always be fetched again.
 */
async function writeSkeleton(gitDirectory: string, head: string, config: string): Promise<void> {
  for (const name of ['objects/info', 'objects/pack', 'refs/heads', 'refs/tags']) {
    await mkdir(join(gitDirectory, name), { recursive: true, mode: 0o755 })
  }
  await writeFile(join(gitDirectory, 'config'), config, { mode: 0o644 })
  await writeFile(join(gitDirectory, 'HEAD'), `ref: ${head}\n`)
}

/**
 * Makes the mirror at `path` when it is not there, points it at `remote`, and starts it anew when it is
 * of the other object format. The caller holds the mirror's lock.
 */
export async function ensureMirror(
  path: string,
  format: ObjectFormat,
  remote: RemoteUrl,
): Promise<void> {
  const config = mirrorConfig(path, format, remote)
  const found = await readFile(join(path, 'config'), 'utf8').catch(() => null)
  if (found !== config) {
    const sameFormat = found?.includes(formatLines(format)) === true
    if (!sameFormat) await discardMirror(path)
    if (sameFormat) await replace(join(path, 'config'), config)
    else await createMirror(path, config)
  }
  if (remote.credential !== null) await replace(credentialFile(path), `${remote.credential}\n`)
}

async function createMirror(path: string, config: string): Promise<void> {
  const draft = `${path}.new-${randomUUID()}`
  await mkdir(draft, { mode: 0o700 })
  await writeSkeleton(draft, 'refs/heads/main', config)
  await rename(draft, path)
}

/** Takes a mirror that can not be used out of the way and removes it. */
export async function discardMirror(path: string): Promise<void> {
  const discarded = `${path}.old-${randomUUID()}`
  try {
    await rename(path, discarded)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  await rm(discarded, { recursive: true, force: true })
}

/** Removes lock files that a killed git left. The caller holds the mirror's lock. */
export async function removeStaleLocks(path: string): Promise<void> {
  const entries = await readdir(path, { recursive: true }).catch(() => [])
  const locks = entries.filter((name) => name.endsWith('.lock') && !name.startsWith('objects/pack'))
  await Promise.all(locks.map((name) => rm(join(path, name), { force: true })))
}

/** Lays out the `.git` of a checkout. It holds nothing secret: steps can read it. */
export async function createCheckoutRepository(
  gitDirectory: string,
  format: ObjectFormat,
  url: string,
  branch: string | null,
): Promise<void> {
  const tracking =
    branch === null
      ? ''
      : `[branch ${quote(branch)}]\n\tremote = origin\n\tmerge = ${quote(`refs/heads/${branch}`)}\n`
  const config =
    `${formatLines(format)}\tbare = false\n\tlogallrefupdates = true\n` +
    `${extensionLines(format)}[remote "origin"]\n\turl = ${quote(url)}\n` +
    `\tfetch = +refs/heads/*:refs/remotes/origin/*\n${tracking}`
  await writeSkeleton(gitDirectory, 'refs/heads/main', config)
}

function mirrorConfig(path: string, format: ObjectFormat, remote: RemoteUrl): string {
  return (
    `${formatLines(format)}\tbare = true\n\tfsync = none\n${extensionLines(format)}` +
    `[gc]\n\tpackRefs = false\n\tpruneExpire = 1.hour.ago\n` +
    `[remote "origin"]\n\turl = ${quote(remote.url)}\n${helperLines(path, remote)}`
  )
}

/** What is sent to the remote's own host; where it redirects to another, git asks no helper. */
function helperLines(path: string, { url, credential, login }: RemoteUrl): string {
  if (login !== null) {
    return `[credential ${quote(new URL(url).origin)}]\n\thelper = ${quote(LOGIN_HELPER)}\n`
  }
  if (credential === null) return ''
  return `[credential]\n\thelper = ${quote(`store --file=${shellQuote(credentialFile(path))}`)}\n`
}

function credentialFile(path: string): string {
  return join(path, 'sandpiper-credentials')
}

function formatLines(format: ObjectFormat): string {
  const version = format === 'sha256' ? '1' : '0'
  return `[core]\n\trepositoryformatversion = ${version}\n\tfilemode = true\n`
}

function extensionLines(format: ObjectFormat): string {
  return format === 'sha256' ? '[extensions]\n\tobjectformat = sha256\n' : ''
}

/** A value in git's configuration syntax (git-config(1)); it must have no control characters. */
function quote(value: string): string {
  return `"${value.replace(/["\\]/g, '\\$&')}"`
}

function shellQuote(value: string): string {
  return `'${value.replaceAll("'", "'\\''")}'`
}
