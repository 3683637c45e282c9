import type { BuildEvent } from '../../pipelines/event.js'
import type { RepoRow } from '../store/repos.js'
import { requestInvalid } from './errors.js'
import { checkParams } from './params.js'
import { checkBranchName, isRefName } from './repo-rules.js'
import type { NewBuild } from './types.js'

const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/

/**
 * The event of a build that a person asks for: of a branch, or of a tag. Without a commit it is what that points to,
 * which ingest finds; with one, ingest sees whether it is on it.
 * @throws SandpiperError SP_BUILD_REQUEST_INVALID, SP_BUILD_PARAM_INVALID, SP_REPO_INVALID
 */
export function manualEvent(repo: RepoRow, request: NewBuild, by: string): BuildEvent {
  const { commit = '', params } = request
  if (commit !== '' && !COMMIT.test(commit)) {
    throw requestInvalid(
      `Commit ${JSON.stringify(commit.slice(0, 100))} is no commit id.`,
      'Give all 40 (or 64) hex digits of it in lower case, or leave it out for the head of the branch.',
    )
  }
  checkParams(params)
  const event = { ...placeOf(repo, request, by), event: 'custom', after: commit, params } as const
  return commit === '' ? event : { ...event, unproven: true }
}

function placeOf(repo: RepoRow, { branch, tag }: NewBuild, by: string): Omit<BuildEvent, 'event'> {
  if (tag === undefined) {
    checkBranchName(branch ?? repo.default_branch)
    return headEvent(branch ?? repo.default_branch, by)
  }
  if (branch !== undefined) {
    throw requestInvalid(
      'A build is of a branch or of a tag, and both were given.',
      'Leave one of them out.',
    )
  }
  if (!isRefName(tag)) {
    const shown = JSON.stringify(tag.slice(0, 100))
    throw requestInvalid(`Tag ${shown} is no name of a tag.`, 'Give a name such as `v1.2.0`.')
  }
  // As in a tag's own event: which branch it is on nobody says.
  return { ...headEvent('', by), ref: `refs/tags/${tag}` }
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
