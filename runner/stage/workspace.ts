import type { GitMirror } from '../../git/types.js'
import type { JobRepo, StageJob } from '../../protocol/job.js'

/** Commits of history when the pipeline says nothing. */
const DEPTH_DEFAULT = 50

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
  readonly onOutput: (text: string) => void
  readonly signal: AbortSignal
}

/** Where the source tree of a stage comes from. */
export type Workspace = (request: WorkspaceRequest) => Promise<WorkspaceTree>

/** A checkout of the job's commit out of the repo's mirror. */
export function checkoutWorkspace(openMirror: (repo: JobRepo) => GitMirror): Workspace {
  return async ({ job, directory, onOutput, signal }) => {
    const mirror = openMirror(job.repo)
    const depth = job.stage.clone.depth ?? DEPTH_DEFAULT
    await mirror.fetchCommit(job.commit, job.ref, { depth, signal })
    const { commit, ref } = job
    await mirror.checkout(directory, { commit, ref, depth, submodules: true, onOutput, signal })
    return { path: directory }
  }
}

/** A tree that is there already: the working tree that `sandpiper exec` runs on. */
export function treeWorkspace(tree: WorkspaceTree): Workspace {
  return ({ onOutput }) => {
    onOutput(`using the working tree ${tree.path}\n`)
    return Promise.resolve(tree)
  }
}
