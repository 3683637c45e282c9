import type { RepoFacts } from '../../event.js'
import type { ShownUrls } from '../clone-url.js'
import type { SystemFacts } from '../facts.js'
import type { Variables } from '../value.js'

/** Drone's names for the server. */
export function systemVariables({ link, version }: SystemFacts): Variables {
  const url = URL.canParse(link) ? new URL(link) : undefined
  return {
    CI: 'true',
    DRONE: 'true',
    DRONE_SYSTEM_PROTO: url?.protocol.replace(':', ''),
    DRONE_SYSTEM_HOST: url?.host,
    DRONE_SYSTEM_HOSTNAME: url?.hostname,
    DRONE_SYSTEM_VERSION: version,
  }
}

/** Drone's names for the repo, those of before 1.0 among them. */
export function repoVariables(repo: RepoFacts, urls: ShownUrls): Variables {
  const isPrivate = String(repo.private)
  return {
    DRONE_REPO: repo.slug,
    DRONE_REPO_SCM: 'git',
    DRONE_REPO_OWNER: repo.owner,
    DRONE_REPO_NAMESPACE: repo.owner,
    DRONE_REPO_NAME: repo.name,
    DRONE_REPO_LINK: repo.link,
    DRONE_REPO_BRANCH: repo.defaultBranch,
    DRONE_REPO_VISIBILITY: repo.private ? 'private' : 'public',
    DRONE_REPO_PRIVATE: isPrivate,
    DRONE_REMOTE_URL: urls.remote,
    DRONE_GIT_HTTP_URL: urls.http,
    DRONE_GIT_SSH_URL: urls.ssh,
    CI_REPO: repo.slug,
    CI_REPO_NAME: repo.slug,
    CI_REPO_LINK: repo.link,
    CI_REPO_REMOTE: urls.remote,
    CI_REPO_PRIVATE: isPrivate,
    CI_REMOTE_URL: urls.remote,
  }
}
