import type { BuildEvent, BuildEventName, RepoFacts } from '../../pipelines/index.js'
import type { EventWish } from './event-options.js'
import type { WorkingTree } from './working-tree.js'

/** The event that a working tree is run for, as if it had been sent. */
export function localEvent(tree: WorkingTree, wanted: EventWish): BuildEvent {
  const checkedOut = tree.branch || 'main'
  // A tag alone does not tell which branch it is on; forges do not say it either.
  const branch = wanted.branch ?? (wanted.tag === undefined ? checkedOut : '')
  const message = wanted.message ?? tree.message
  const { name, email } = tree.author
  return {
    event: wanted.event,
    action: wanted.action ?? USUAL_ACTIONS[wanted.event] ?? '',
    ref: refOf(wanted.event, wanted.tag ?? branch, branch),
    branch,
    sourceBranch: branch,
    sourceRepo: '',
    after: tree.commit,
    before: tree.before,
    message,
    title: message.split('\n')[0] ?? '',
    link: '',
    author: { login: '', name, email, avatar: '' },
    sender: '',
    cron: wanted.cron ?? '',
    deployTo: wanted.target ?? '',
    params: wanted.params ?? {},
    ...(wanted.changedFiles === undefined ? {} : { changedFiles: wanted.changedFiles }),
  }
}

/** What the server's hooks give these events. */
const USUAL_ACTIONS: Partial<Record<BuildEventName, string>> = {
  tag: 'created',
  pull_request: 'opened',
}

/** The repo as far as a working tree tells. */
export function localRepo(tree: WorkingTree, slug = tree.slug): RepoFacts {
  const [owner = '', name = ''] = slug.split('/')
  const { cloneUrl } = tree
  return { owner, name, slug, cloneUrl, link: '', defaultBranch: 'main', private: false }
}

function refOf(event: BuildEventName, tag: string, branch: string): string {
  if (event === 'tag' || event === 'release') return `refs/tags/${tag}`
  return event.startsWith('pull_request') ? 'refs/pull/1/head' : `refs/heads/${branch}`
}
