import type { BuildEvent, BuildEventName, RepoFacts } from '../../pipelines/index.js'
import type { WorkingTree } from './working-tree.js'

/** The event that a working tree is run for, as if it had been sent. */
export function localEvent(
  tree: WorkingTree,
  wanted: { readonly event: BuildEventName; readonly branch?: string | undefined },
): BuildEvent {
  const branch = wanted.branch ?? (tree.branch || 'main')
  const { name, email } = tree.author
  return {
    event: wanted.event,
    action: '',
    ref: refOf(wanted.event, branch),
    branch,
    sourceBranch: branch,
    sourceRepo: '',
    after: tree.commit,
    before: tree.before,
    message: tree.message,
    title: tree.message.split('\n')[0] ?? '',
    link: '',
    author: { login: '', name, email, avatar: '' },
    sender: '',
    cron: '',
    deployTo: '',
    params: {},
  }
}

/** The repo as far as a working tree tells. */
export function localRepo(tree: WorkingTree): RepoFacts {
  const [owner = '', name = ''] = tree.slug.split('/')
  const { slug, cloneUrl } = tree
  return { owner, name, slug, cloneUrl, link: '', defaultBranch: 'main', private: false }
}

function refOf(event: BuildEventName, branch: string): string {
  if (event === 'tag') return `refs/tags/${branch}`
  return event === 'pull_request' ? 'refs/pull/1/head' : `refs/heads/${branch}`
}
