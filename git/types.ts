import type { GitLogin } from '../protocol/job-secrets.js'

/** What a mirror may talk to. */
export interface GitPolicy {
  /** Allow local paths and file:// URLs; only for repos that were added with one. */
  readonly allowFileTransport: boolean
}

/** Which repo a mirror is of. */
export interface MirrorSource extends GitPolicy {
  /** Database id of the repo: names the mirror's directory. */
  readonly id: number
  /** `owner/name`, for messages. */
  readonly slug: string
  /**
   * http://, https://, ssh:// or git:// URL, or scp-like address; with `allowFileTransport` also an
   * absolute path or file:// URL. May hold credentials: they reach neither argv, output nor errors.
   */
  readonly cloneUrl: string
  /**
   * For an https:// URL that has no credentials; any other gets none. It goes to that URL's host alone, with checked
   * certificates, and reaches no file, argv, output or error: only the environment of the git processes that fetch.
   */
  readonly login?: GitLogin | null
}

/** Every mirror below one directory. */
export interface Mirrors {
  /**
   * The mirror of a repo; nothing is read or written yet.
   * @throws SandpiperError SP_GIT_REFUSED when the URL is none that may be fetched from
   */
  open(source: MirrorSource): GitMirror
  /** Removes the mirror of a repo from disk. */
  remove(id: number): Promise<void>
  /** Resolves when housekeeping that still runs in the background has ended. */
  close(): Promise<void>
}

/** What changes are told against: a commit, or the tip of a branch as the remote has it now. */
export type ChangesSince = { readonly commit: string } | { readonly branch: string }

/** Paths that changed, sorted by their bytes, or why they can't be told in words that end a sentence. */
export type ChangedFiles =
  { readonly files: readonly string[] } | { readonly files: null; readonly reason: string }

/** How git talks to a remote. */
export interface TransferOptions {
  /** Do not check the certificates of servers; default false. */
  readonly skipVerify?: boolean
  /** Gets what git does and says, line by line without newlines (GIT_TRACE); absent: it is not told. */
  readonly onTrace?: (line: string) => void
}

export interface CheckoutOptions extends TransferOptions {
  /** Commit: 40 or 64 lower-case hex digits. */
  readonly commit: string
  /** Full ref that the commit came with. When it is a branch, the checkout is on that branch. */
  readonly ref?: string
  /** Commits of history; 0 is all. */
  readonly depth: number
  readonly submodules: boolean
  /** Gets git's progress and messages, line by line; each text ends with a newline. */
  readonly onOutput: (text: string) => void
  readonly signal?: AbortSignal
}

/** Who made a commit, when, and what for. All text is untrusted, and cut where it is very long. */
export interface CommitFacts {
  readonly name: string
  readonly email: string
  /** Unix milliseconds. */
  readonly committed: number
  readonly message: string
}

/** A bare mirror of one repo on local disk. Safe to use from several callers at once. */
export interface GitMirror {
  /**
   * Makes sure the mirror has the commit, fetching when it does not. `depth` is how many commits of
   * its history are wanted at least: default 50, 0 is all.
   * @throws SandpiperError SP_GIT_UNREACHABLE, SP_GIT_NO_COMMIT, SP_GIT_REFUSED, SP_GIT_FAILED,
   * SP_GIT_TIMEOUT, SP_GIT_MISSING; the signal's reason when it is aborted
   */
  fetchCommit(
    commit: string,
    ref: string,
    options?: { depth?: number; signal?: AbortSignal } & TransferOptions,
  ): Promise<void>
  /**
   * The commit that a full ref of the remote points to now, through an annotated tag too; null when there is
   * no such ref. It is not fetched.
   * @throws SandpiperError as `fetchCommit` does, but for SP_GIT_NO_COMMIT
   */
  tipOf(ref: string): Promise<string | null>
  /**
   * Whether a commit is in the history of what a full ref of the remote points to now; null when there is no such
   * ref. Nothing but the ref is fetched: what is on a fork alone is not below it.
   * @throws SandpiperError as `fetchCommit` does, but for SP_GIT_NO_COMMIT
   */
  isBelow(commit: string, ref: string): Promise<boolean | null>
  /**
   * What a commit that the mirror has says of itself.
   * @throws SandpiperError SP_GIT_CORRUPT
   */
  describe(commit: string): Promise<CommitFacts>
  /**
   * Content of a file at a commit, or null when it is not there. Bounded by `bytesMax`.
   * @throws SandpiperError SP_GIT_NO_COMMIT, SP_GIT_NOT_A_FILE, SP_GIT_FILE_TOO_LARGE, SP_GIT_REFUSED,
   * SP_GIT_CORRUPT
   */
  readFile(commit: string, path: string, bytesMax: number): Promise<string | null>
  /**
   * Contents of several files at a commit, by path; null for a path that is no regular file there, or
   * no path that a repo can have. `bytesMax` is for all of them together.
   * @throws SandpiperError SP_GIT_NO_COMMIT, SP_GIT_FILE_TOO_LARGE, SP_GIT_CORRUPT
   */
  readFiles(
    commit: string,
    paths: readonly string[],
    bytesMax: number,
  ): Promise<ReadonlyMap<string, string | null>>
  /**
   * Names of the regular files in a directory at a commit, in git's order, which is by bytes; null when
   * there is no such directory. Links, submodules and nested directories are left out.
   * @throws SandpiperError SP_GIT_NO_COMMIT, SP_GIT_FILE_TOO_LARGE, SP_GIT_REFUSED, SP_GIT_CORRUPT
   */
  listFiles(commit: string, directory: string): Promise<readonly string[] | null>
  /**
   * Paths of the files that a commit, which the mirror must have, changed since it and `since` were the
   * same: against their merge base. A renamed file counts with both names. Fetches what it needs.
   * @throws SandpiperError SP_GIT_UNREACHABLE, SP_GIT_REFUSED, SP_GIT_FAILED, SP_GIT_TIMEOUT,
   * SP_GIT_MISSING
   */
  changedFiles(commit: string, since: ChangesSince): Promise<ChangedFiles>
  /**
   * Checks the commit out into an empty directory, with a `.git` that works on its own. The mirror
   * must have the commit: call `fetchCommit` with the same depth first.
   * @throws SandpiperError SP_GIT_NO_COMMIT, SP_GIT_NOT_EMPTY, SP_GIT_CORRUPT, SP_GIT_FAILED,
   * SP_GIT_SUBMODULE; the signal's reason when it is aborted
   */
  checkout(directory: string, options: CheckoutOptions): Promise<void>
}
