import type { Repo } from '../../services.js'
import { allowedOf } from '../../builds/allowed.js'
import { seconds } from './time.js'

/** A repo as Drone's API has it; `clone_url` is ours. The hook secret is never in it. */
export function renderRepo(repo: Repo) {
  const { clone_url: cloneUrl } = repo
  return {
    id: repo.id,
    namespace: repo.owner,
    name: repo.name,
    slug: `${repo.owner}/${repo.name}`,
    scm: 'git',
    clone_url: cloneUrl,
    git_http_url: /^https?:/i.test(cloneUrl) ? cloneUrl : '',
    git_ssh_url: isSsh(cloneUrl) ? cloneUrl : '',
    link: repo.link,
    default_branch: repo.default_branch,
    private: repo.private === 1,
    visibility: repo.private === 1 ? 'private' : 'public',
    active: repo.active === 1,
    timeout: Math.ceil(repo.timeout_ms / 60_000),
    network_allow: allowedOf(repo),
    counter: repo.counter,
    created: seconds(repo.created),
    updated: seconds(repo.updated),
    version: repo.updated,
  }
}

function isSsh(cloneUrl: string): boolean {
  return /^(?:git\+)?ssh:/i.test(cloneUrl) || /^[^/:]+@[^/:]+:/.test(cloneUrl)
}
