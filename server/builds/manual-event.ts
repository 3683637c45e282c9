import type { BuildEvent } from '../../pipelines/event.js'
import type { RepoRow } from '../store/repos.js'
import { requestInvalid } from './errors.js'
import { checkParams } from './params.js'
import { checkBranchName } from './repo-rules.js'
import type { NewBuild } from './types.js'

const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/

/**
 * The event of a build that a person asks for. Without a commit it is the head of the branch, which ingest
 * finds.
 * @throws SandpiperError SP_BUILD_REQUEST_INVALID, SP_BUILD_PARAM_INVALID, SP_REPO_INVALID
 */
export function manualEvent(repo: RepoRow, request: NewBuild, by: string): BuildEvent {
  const { branch = repo.default_branch, commit = '', params } = request
  checkBranchName(branch)
  if (commit !== '' && !COMMIT.test(commit)) {
    throw requestInvalid(
      `Commit ${JSON.stringify(commit.slice(0, 100))} is no commit id.`,
      'Give all 40 (or 64) hex digits of it in lower case, or leave it out for the head of the branch.',
    )
  }
  checkParams(params)
  return { ...headEvent(branch, by), event: 'custom', after: commit, params }
}

/** An event about a branch whose head is not known yet. */
export function headEvent(branch: string, sender: string): Omit<BuildEvent, 'event'> {
  return {
    action: '',
    ref: `refs/heads/${branch}`,
    branch,
    sourceBranch: branch,
    sourceRepo: '',
    after: '',
    before: '',
    message: '',
    title: '',
    link: '',
    author: { login: sender, name: '', email: '', avatar: '' },
    sender,
    cron: '',
    deployTo: '',
    params: {},
  }
}
