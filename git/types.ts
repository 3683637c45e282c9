/** What a mirror may talk to. */
export interface GitPolicy {
  /** Allow local paths and file:// URLs; only for repos that were added with one. */
  readonly allowFileTransport: boolean
}

export interface CheckoutOptions {
  /** Commit: 40 or 64 lower-case hex digits. */
  readonly commit: string
  /** Commits of history; 0 is all. */
  readonly depth: number
  readonly submodules: boolean
  /** Gets git's progress and messages, line by line. */
  readonly onOutput: (text: string) => void
  readonly signal?: AbortSignal
}

/** A bare mirror of one repo on local disk. Safe to use from several callers at once. */
export interface GitMirror {
  /**
   * Makes sure the mirror has the commit, fetching when it does not.
   * @throws SandpiperError SP_GIT_UNREACHABLE, SP_GIT_NO_COMMIT, SP_GIT_REFUSED
   */
  fetchCommit(
    commit: string,
    ref: string,
    options?: { depth?: number; signal?: AbortSignal },
  ): Promise<void>
  /** Content of a file at a commit, or null when it is not there. Bounded by `bytesMax`. */
  readFile(commit: string, path: string, bytesMax: number): Promise<string | null>
  /** Checks the commit out into an empty directory, with a `.git` that works on its own. */
  checkout(directory: string, options: CheckoutOptions): Promise<void>
}
