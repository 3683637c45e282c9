import type { Repo } from '../../services.js'
import { allowedOf } from '../../builds/allowed.js'
import { seconds } from './time.js'

/**
 * A repo as Drone's API has it; `clone_url`, `forge`, `require_approval`, `network_allow` and `keep_*` are ours. Its secrets
 * are never in it.
 */
export function renderRepo(repo: Repo) {
  const { clone_url: cloneUrl } = repo
  return {
    id: repo.id,
    uid: repo.remote_id,
    user_id: repo.user_id,
    namespace: repo.owner,
    name: repo.name,
    slug: `${repo.owner}/${repo.name}`,
    scm: 'git',
    clone_url: cloneUrl,
    git_http_url: /^https?:/i.test(cloneUrl) ? cloneUrl : '',
    git_ssh_url: isSsh(cloneUrl) ? cloneUrl : '',
    link: repo.link,
    default_branch: repo.default_branch,
    private: repo.visibility === 'private',
    visibility: repo.visibility,
    active: repo.active === 1,
    trusted: false,
    protected: repo.protected === 1,
    require_approval: repo.require_approval,
    ignore_forks: repo.ignore_forks === 1,
    ignore_pull_requests: repo.ignore_pull_requests === 1,
    auto_cancel_pull_requests: repo.auto_cancel_pull_requests === 1,
    auto_cancel_pushes: repo.auto_cancel_pushes === 1,
    auto_cancel_running: repo.auto_cancel_running === 1,
    throttle: repo.running_max,
    timeout: Math.ceil(repo.timeout_ms / 60_000),
    network_allow: allowedOf(repo),
    forge: repo.forge,
    keep_days: repo.keep_days,
    keep_builds: repo.keep_builds,
    keep_bytes: repo.keep_bytes,
    counter: repo.counter,
    created: seconds(repo.created),
    updated: seconds(repo.updated),
    version: repo.updated,
  }
}

function isSsh(cloneUrl: string): boolean {
  return /^(?:git\+)?ssh:/i.test(cloneUrl) || /^[^/:]+@[^/:]+:/.test(cloneUrl)
}
