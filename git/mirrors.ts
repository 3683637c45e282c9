import { join, resolve } from 'node:path'
import { makePrivateDirectory } from '../protocol/data-dir.js'
import { SandpiperError } from '../protocol/errors.js'
import { checkCommit, checkPath, checkRef, isPath, normalizeDepth } from './arguments.js'
import { changedFilesAt } from './changed-files.js'
import { checkoutCommit, claimEmptyDirectory, emptyDirectory } from './checkout.js'
import { exclusively } from './context.js'
import type { MirrorContext } from './context.js'
import { commonError, GitFailure } from './failure.js'
import { ensureCommit, isBelowRef, rebuildWith } from './fetch.js'
import { prepareHome } from './home.js'
import type { HomeFiles } from './home.js'
import { keepHouse } from './housekeeping.js'
import { describeCommit } from './describe-commit.js'
import { discardMirror } from './layout.js'
import { DEFAULT_DEPTH, DEFAULT_GIT_LIMITS, HOUSEKEEPING_EVERY_FETCHES } from './limits.js'
import type { GitLimits } from './limits.js'
import { KeyedMutex } from './mutex.js'
import { listFilesAt, readFileAt, readFilesAt } from './read-file.js'
import { remoteTip } from './remote-tip.js'
import { parseRemoteUrl, withLogin } from './remote-url.js'
import type { RemoteUrl } from './remote-url.js'
import { withTransfer } from './transfer.js'
import type { GitMirror, Mirrors, MirrorSource } from './types.js'

export interface MirrorsOptions {
  readonly limits?: Partial<GitLimits>
  /** More variables for git, e.g. `https_proxy` or `SSL_CERT_FILE`; of git's own only `GIT_SSL_CAINFO`. */
  readonly environment?: Readonly<Record<string, string>>
  /**
   * Where submodules may come from beside the host of the repo's own URL: `host` or `host:port`; `*` is
   * anywhere. Default none.
   */
  readonly submoduleHosts?: readonly string[]
}

/** What is remembered of a mirror. */
interface Known {
  readonly refs: Map<string, string>
  fetches: number
}

/** What the mirrors below one directory share. */
interface Shared {
  readonly root: string
  readonly mutex: KeyedMutex
  readonly limits: GitLimits
  readonly environment: Readonly<Record<string, string>>
  readonly submoduleHosts: readonly string[]
  readonly background: Set<Promise<void>>
  /** By mirror path; mirrors are opened anew for every build. */
  readonly known: Map<string, Known>
  home?: Promise<HomeFiles>
}

/**
 * The mirrors below `root`, one bare repository per repo: `ID.git`. Several processes may use the same
 * directory. Nothing is written before the first fetch.
 */
export function createMirrors(root: string, options: MirrorsOptions = {}): Mirrors {
  const shared: Shared = {
    root: resolve(root),
    mutex: new KeyedMutex(),
    limits: { ...DEFAULT_GIT_LIMITS, ...options.limits },
    environment: options.environment ?? {},
    submoduleHosts: options.submoduleHosts ?? [],
    background: new Set(),
    known: new Map(),
  }
  return {
    open: (source) => openMirror(shared, source),
    remove: async (id) => {
      const remote: RemoteUrl = {
        url: '',
        transport: 'file',
        credential: null,
        login: null,
        secrets: [],
      }
      const context = contextOf(shared, id, `repo ${String(id)}`, remote)
      await exclusively(context, undefined, () => discardMirror(context.path))
    },
    close: async () => {
      await Promise.all(shared.background)
    },
  }
}

function openMirror(shared: Shared, source: MirrorSource): GitMirror {
  const remote = withLogin(parseRemoteUrl(source.cloneUrl, source), source.login)
  const context = contextOf(shared, source.id, source.slug, remote)
  return {
    fetchCommit: async (commit, ref, { depth = DEFAULT_DEPTH, signal, ...how } = {}) => {
      checkCommit(commit)
      checkRef(ref)
      remember(context.refs, commit, ref)
      const wanted = { commit, ref, depth: normalizeDepth(depth), signal }
      if (!(await ensureCommit(withTransfer(context, how), wanted))) return
      const known = knownOf(shared, context.path)
      known.fetches += 1
      if (known.fetches % HOUSEKEEPING_EVERY_FETCHES === 0) startHousekeeping(shared, context)
    },
    tipOf: async (ref) => {
      checkRef(ref)
      return remoteTip(context, ref)
    },
    isBelow: async (commit, ref) => {
      checkCommit(commit)
      checkRef(ref)
      return isBelowRef(context, commit, ref)
    },
    describe: async (commit) => {
      checkCommit(commit)
      const wanted = { commit, depth: DEFAULT_DEPTH }
      return repairing(context, wanted, () => describeCommit(context, commit))
    },
    readFile: async (commit, path, bytesMax) => {
      checkCommit(commit)
      checkPath(path)
      const read = (): Promise<string | null> => readFileAt(context, commit, path, bytesMax)
      return repairing(context, { commit, depth: DEFAULT_DEPTH }, read)
    },
    readFiles: async (commit, paths, bytesMax) => {
      checkCommit(commit)
      const wanted = [...new Set(paths)].filter(isPath)
      const read = (): Promise<Map<string, string | null>> =>
        readFilesAt(context, commit, wanted, bytesMax)
      const found = await repairing(context, { commit, depth: DEFAULT_DEPTH }, read)
      return new Map(paths.map((path) => [path, found.get(path) ?? null]))
    },
    listFiles: async (commit, directory) => {
      checkCommit(commit)
      checkPath(directory)
      const list = (): Promise<readonly string[] | null> => listFilesAt(context, commit, directory)
      return repairing(context, { commit, depth: DEFAULT_DEPTH }, list)
    },
    changedFiles: async (commit, since) => {
      checkCommit(commit)
      if ('commit' in since) checkCommit(since.commit)
      else checkRef(`refs/heads/${since.branch}`)
      return changedFilesAt(context, commit, since)
    },
    checkout: async (directory, given) => {
      checkCommit(given.commit)
      const { commit, signal } = given
      const depth = normalizeDepth(given.depth)
      const target = resolve(directory)
      await claimEmptyDirectory(target)
      const transfer = withTransfer(context, given)
      await repairing(transfer, { commit, depth, signal }, async () => {
        await emptyDirectory(target)
        await checkoutCommit(transfer, target, { ...given, depth })
      })
    },
  }
}

function contextOf(shared: Shared, id: number, slug: string, remote: RemoteUrl): MirrorContext {
  if (!Number.isSafeInteger(id) || id < 0) throw new TypeError(`not a repo id: ${String(id)}`)
  const path = join(shared.root, `${String(id)}.git`)
  return {
    path,
    slug,
    remote,
    submoduleHosts: shared.submoduleHosts,
    mutex: shared.mutex,
    refs: knownOf(shared, path).refs,
    home: async () => {
      const files = await homeOf(shared)
      const config = remote.transport === 'file' ? files.localConfig : files.config
      const { limits, environment } = shared
      return { directory: files.directory, config, environment, limits }
    },
  }
}

function knownOf(shared: Shared, path: string): Known {
  const known = shared.known.get(path) ?? { refs: new Map<string, string>(), fetches: 0 }
  shared.known.set(path, known)
  return known
}

async function homeOf(shared: Shared): Promise<HomeFiles> {
  shared.home ??= makePrivateDirectory(shared.root).then(() => prepareHome(shared.root))
  try {
    return await shared.home
  } catch (error) {
    delete shared.home
    throw error
  }
}

/**
 * Does `work`; when git fails at it, the mirror is taken to be broken, fetched anew, and `work` done
 * once more.
 */
async function repairing<T>(
  context: MirrorContext,
  wanted: { commit: string; depth: number; signal?: AbortSignal | undefined },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof GitFailure)) throw error
    if (['timeout', 'no-space', 'git-missing'].includes(error.kind)) {
      throw commonError(error, `could not read the mirror of ${context.slug}`)
    }
    await rebuildWith(context, { ...wanted, ref: context.refs.get(wanted.commit) })
  }
  try {
    return await work()
  } catch (error) {
    throw error instanceof GitFailure ? corrupt(context, error) : error
  }
}

function corrupt(context: MirrorContext, cause: GitFailure): SandpiperError {
  return new SandpiperError(
    'SP_GIT_CORRUPT',
    `the mirror of ${context.slug} at ${context.path} can not be read, nor can a new one; ` +
      `git said: ${cause.said}`,
    { hint: 'Check the disk, and the repo itself with git fsck.', cause },
  )
}

/** Housekeeping is not worth failing for: what is wrong with a mirror shows at its next use. */
function startHousekeeping(shared: Shared, context: MirrorContext): void {
  const work = keepHouse(context)
    .catch(() => undefined)
    .finally(() => shared.background.delete(work))
  shared.background.add(work)
}

const REFS_REMEMBERED = 1000

function remember(refs: Map<string, string>, commit: string, ref: string): void {
  const oldest = refs.keys().next().value
  if (refs.size >= REFS_REMEMBERED && oldest !== undefined) refs.delete(oldest)
  refs.set(commit, ref)
}
