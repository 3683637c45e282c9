import type { Status } from '../../protocol/status.js'
import type { ServerAddress } from './find-server.js'
import { sendJson } from './http.js'

/** The parts of the API's JSON that the command line reads; names are Drone's, `*_ms` ours, in Unix ms. */
export interface ApiBuild {
  readonly number: number
  readonly status: Status
  readonly error: string
  readonly event: string
  readonly ref: string
  readonly after: string
  readonly message: string
  readonly link: string
  readonly author_name: string
  readonly author_email: string
  readonly created_ms: number
  readonly started_ms: number
  readonly finished_ms: number
  /** Why it waits, in words; absent when it does not, and from servers that do not tell. */
  readonly waiting?: string
  /** Only where one build is shown. */
  readonly warnings?: readonly ApiWarning[]
  readonly stages?: readonly ApiStage[]
}

/** What is dubious about a build's file; `file` is empty for what is about none. */
export interface ApiWarning {
  readonly code: string
  readonly message: string
  /** What to do; not every server tells it. */
  readonly hint?: string
  readonly file: string
  readonly line: number
  readonly column: number
}

export interface ApiStage {
  readonly number: number
  readonly name: string
  readonly status: Status
  readonly error: string
  /** From 1; counts up when the stage's runner was lost and it starts anew. */
  readonly attempt: number
  readonly started_ms: number
  readonly stopped_ms: number
  readonly waiting?: string
  readonly steps?: readonly ApiStep[]
}

export interface ApiStep {
  readonly number: number
  readonly name: string
  readonly status: Status
  readonly error: string
  readonly exit_code: number
  readonly started_ms: number
  readonly stopped_ms: number
  readonly usage?: ApiUsage | null
}

/** What a step used, or has used so far; null is what its runner could not tell. */
export interface ApiUsage {
  readonly cpu_ms: number
  readonly memory_peak_bytes: number
  readonly throttled_ms?: number | null
  readonly io_read_bytes?: number | null
  readonly io_write_bytes?: number | null
  readonly network_rx_bytes?: number | null
  readonly network_tx_bytes?: number | null
}

export interface ApiRepo {
  readonly slug: string
  readonly clone_url: string
  readonly default_branch: string
}

/** A repo as the command line takes it: `owner/name`. */
export interface RepoName {
  readonly owner: string
  readonly name: string
}

/** Path of a repo's part of the API. */
export function repoPath(repo: RepoName): string {
  return `/api/repos/${encodeURIComponent(repo.owner)}/${encodeURIComponent(repo.name)}`
}

/** Path of a build's part of the API. */
export function buildPath(repo: RepoName, number: number | 'latest'): string {
  return `${repoPath(repo)}/builds/${number}`
}

/** One build with its stages and steps. */
export async function getBuild(
  server: ServerAddress,
  repo: RepoName,
  number: number | 'latest',
): Promise<ApiBuild> {
  return (await sendJson(server, buildPath(repo, number))) as ApiBuild
}
