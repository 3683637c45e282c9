/** Name of the tag of a ref, if it is one. */
export function tagOf(ref: string): string | undefined {
  return /^refs\/tags\/(.+)$/s.exec(ref)?.[1]
}

/** Number of the pull request of a ref: of GitHub and Gitea, GitLab, Bitbucket Server. */
export function pullRequestOf(ref: string): string | undefined {
  return /^refs\/(?:pull|merge-requests|pull-requests)\/(\d+)\//.exec(ref)?.[1]
}
