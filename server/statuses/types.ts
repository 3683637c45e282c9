import type { Build, Repo } from '../services.js'

/** What forges are told about commits. */
export interface StatusService {
  /** The statuses of the build's commit: also those of its other builds, each of the newest one. */
  ofBuild(repo: Repo, build: Build): Promise<readonly StatusView[]>
}

/** One status of a commit, and how far it is with it. Times are Unix milliseconds, 0: never. */
export interface StatusView {
  /** As the forge has it. */
  readonly context: string
  /** Number of the build that it is of. */
  readonly build: number
  /** What the forge has; all empty when it has none yet. */
  readonly state: string
  readonly description: string
  readonly link: string
  readonly sentAt: number
  /** When it is tried next; null when the forge has the newest one, or it was given up. */
  readonly due: number | null
  /** Failures in a row, and why the last one. */
  readonly failures: number
  readonly error: string
}
