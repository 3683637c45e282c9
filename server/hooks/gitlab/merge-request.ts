import { Type } from 'typebox'
import type { Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { decode } from '../decode.js'
import { sourceRepoOf } from '../fork.js'
import { pullRequestReading } from '../pull-request.js'
import type { PullRequest, PullRequestAction } from '../pull-request.js'
import { buildsNothing } from '../reading.js'
import type { EventReading } from '../reading.js'
import {
  ChangeNumber,
  NullableBoolean,
  NullableId,
  NullableString,
  Person,
  nullable,
} from '../shapes.js'
import { cleanEmail, cleanLine, cleanTime } from '../text.js'

const Label = Type.Object({ title: NullableString })
const Project = nullable(Type.Object({ id: NullableId, path_with_namespace: NullableString }))

const Payload = Type.Object({
  user: nullable(
    Type.Object({
      name: NullableString,
      username: NullableString,
      email: NullableString,
      avatar_url: NullableString,
    }),
  ),
  project: Project,
  labels: nullable(Type.Array(Label)),
  changes: nullable(Type.Record(Type.String(), Type.Unknown())),
  object_attributes: Type.Object({
    iid: ChangeNumber,
    title: Type.String(),
    description: NullableString,
    url: NullableString,
    action: NullableString,
    oldrev: NullableString,
    draft: NullableBoolean,
    work_in_progress: NullableBoolean,
    labels: nullable(Type.Array(Label)),
    source_branch: Type.String(),
    target_branch: Type.String(),
    source_project_id: NullableId,
    target_project_id: NullableId,
    source: Project,
    target: Project,
    last_commit: nullable(
      Type.Object({ id: NullableString, timestamp: NullableString, author: nullable(Person) }),
    ),
  }),
})
const MergeRequestPayload = Compile(Payload)
type MergeRequestPayload = Static<typeof Payload>

/**
 * A merge request that was opened, merged or closed, got new commits, or changed otherwise.
 * @throws SandpiperError SP_HOOK_BODY_INVALID
 */
export function readMergeRequest(payload: unknown): EventReading {
  const hook = decode(MergeRequestPayload, payload)
  const { action: word, last_commit: commit } = hook.object_attributes
  if (!word) return buildsNothing('the merge request does not say what happened to it')
  const action = actionOf(hook)
  if (action === null) {
    return buildsNothing(`the action ${cleanLine(word)} of a merge request makes no build`)
  }
  if (!commit?.id) return buildsNothing('the merge request has no commit')
  return pullRequestReading(inWords(hook, commit.id), action)
}

function actionOf(hook: MergeRequestPayload): PullRequestAction | null {
  switch (hook.object_attributes.action) {
    case 'open':
      return { event: 'pull_request', action: 'opened' }
    case 'reopen':
      return { event: 'pull_request', action: 'reopened' }
    case 'close':
      return { event: 'pull_request_closed', action: 'closed' }
    case 'merge':
      return { event: 'pull_request_closed', action: 'merged' }
    case 'update':
      return updateOf(hook)
    default:
      return null
  }
}

/** `update` stands for everything: `oldrev` is there when it brought commits, `changes` names the rest. */
function updateOf({ object_attributes: { oldrev }, changes }: MergeRequestPayload) {
  const isNew = Boolean(oldrev) || has(changes, 'target_branch')
  if (isNew) return { event: 'pull_request', action: 'synchronized' } as const
  const found = Object.entries(METADATA_ACTIONS).find(([name]) => has(changes, name))
  return { event: 'pull_request_metadata', action: found?.[1] ?? 'edited' } as const
}

/** What changed -> what happened, the more telling first. */
const METADATA_ACTIONS = {
  labels: 'labeled',
  milestone_id: 'milestoned',
  reviewers: 'review_requested',
  assignees: 'assigned',
  draft: 'draft_changed',
} as const

function has(changes: MergeRequestPayload['changes'], name: string): boolean {
  return Object.hasOwn(changes ?? {}, name)
}

function inWords(hook: MergeRequestPayload, commit: string): PullRequest {
  const { object_attributes: merge, project, user } = hook
  const target = merge.target ?? project
  return {
    number: merge.iid,
    ref: `refs/merge-requests/${merge.iid}/head`,
    title: merge.title,
    body: merge.description,
    link: merge.url,
    head: { branch: merge.source_branch, commit },
    base: { branch: merge.target_branch, commit: '' },
    sourceRepo: sourceRepoOf(
      { slug: merge.source?.path_with_namespace, id: merge.source_project_id ?? merge.source?.id },
      { slug: target?.path_with_namespace, id: merge.target_project_id ?? target?.id },
    ),
    author: {
      login: user?.username,
      name: user?.name,
      email: cleanEmail(user?.email),
      avatar: user?.avatar_url,
    },
    sender: user?.username ?? '',
    committed: cleanTime(merge.last_commit?.timestamp),
    draft: merge.draft ?? merge.work_in_progress,
    labels: (hook.labels ?? merge.labels)?.map(({ title }) => title),
  }
}
