import { setTimeout as delay } from 'node:timers/promises'
import type { GitMirror, TransferOptions } from '../../git/types.js'
import { SandpiperError } from '../../protocol/errors.js'
import type { GitLogin } from '../../protocol/job-secrets.js'
import type { JobRepo, StageJob } from '../../protocol/job.js'
import { isInHostUserNamespace } from '../../native/lib/user-namespace.js'
import { copyTree } from './copy-tree.js'
import { formatDuration } from './format.js'

/** Commits of history when the pipeline says nothing. */
const DEPTH_DEFAULT = 50
/** Before fetching is tried again, where the pipeline wants that. */
const PAUSE_FIRST_MS = 1000
const PAUSE_MS_MAX = 60_000

/** A directory that becomes the lower layer of a stage's workspace. */
export interface WorkspaceTree {
  readonly path: string
  /** Host user that is shown as root inside; absent: the host's root. */
  readonly owner?: number
}

export interface WorkspaceRequest {
  readonly job: StageJob
  /** Empty directory of the stage, to be used or not. */
  readonly directory: string
  /** For git alone; null for none. */
  readonly login: GitLogin | null
  readonly onOutput: (text: string) => void
  readonly signal: AbortSignal
}

/** Where the source tree of a stage comes from. */
export type Workspace = (request: WorkspaceRequest) => Promise<WorkspaceTree>

/** A checkout of the job's commit out of the repo's mirror. */
export function checkoutWorkspace(
  openMirror: (repo: JobRepo & { readonly login: GitLogin | null }) => GitMirror,
): Workspace {
  return async (request) => {
    const { job, directory, login, onOutput, signal } = request
    const mirror = openMirror({ ...job.repo, login })
    const { clone } = job.stage
    const how: TransferOptions & { depth: number } = {
      depth: clone.depth ?? DEPTH_DEFAULT,
      ...(clone.skipVerify === true ? { skipVerify: true } : {}),
      ...(clone.trace === true ? { onTrace: (line: string) => onOutput(`${line}\n`) } : {}),
    }
    const { commit, ref } = job
    await retrying(request, () => mirror.fetchCommit(commit, ref, { ...how, signal }))
    await mirror.checkout(directory, { commit, ref, ...how, submodules: true, onOutput, signal })
    return { path: directory }
  }
}

/** What trying again mends: the others say that the commit, or the address, is wrong. */
const MAY_PASS = ['SP_GIT_UNREACHABLE', 'SP_GIT_FAILED', 'SP_GIT_TIMEOUT']

/** As often as `clone.retries` says, with a pause that doubles. */
async function retrying(request: WorkspaceRequest, work: () => Promise<void>): Promise<void> {
  const { job, onOutput, signal } = request
  const tries = 1 + (job.stage.clone.retries ?? 0)
  for (let number = 1; ; number++) {
    try {
      await work()
      return
    } catch (error) {
      const mayPass = error instanceof SandpiperError && MAY_PASS.includes(error.code)
      if (!mayPass || number >= tries) throw error
      const pauseMs = Math.min(PAUSE_FIRST_MS * 2 ** (number - 1), PAUSE_MS_MAX)
      onOutput(`${error.message}\n`)
      onOutput(`attempt ${number + 1} of ${tries} in ${formatDuration(pauseMs)}\n`)
      await delay(pauseMs, undefined, { signal })
    }
  }
}

/**
 * A tree that is there already: the working tree that `sandpiper exec` runs on. Root of a user namespace
 * has to copy it: it can't have it shown as another id's at a mount, and it is not the stage's.
 */
export function treeWorkspace(tree: WorkspaceTree): Workspace {
  return async ({ directory, onOutput, signal }) => {
    onOutput(`using the working tree ${tree.path}\n`)
    if (isInHostUserNamespace()) return tree
    await copyTree(tree.path, directory, signal)
    return { path: directory }
  }
}
