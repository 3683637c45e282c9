import { Type } from 'typebox'
import type { Static } from 'typebox'
import { Compile } from 'typebox/compile'
import type { BuildEvent } from '../../../pipelines/event.js'
import { decode, invalidBody } from '../decode.js'
import { commonEvent } from '../push.js'
import { builds, buildsNothing } from '../reading.js'
import type { EventReading } from '../reading.js'
import { isCommitId, isFullRef } from '../ref.js'
import { LABELS_MAX } from '../limits.js'
import { skipDirective } from '../skip.js'
import { cleanLine, cleanText } from '../text.js'
import { NullableString, Sender } from './types.js'

const Side = Type.Object({
  ref: Type.String(),
  sha: Type.String(),
  repo: Type.Union([Type.Null(), Type.Object({ full_name: Type.String() })]),
})

const Payload = Type.Object({
  action: Type.String(),
  number: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
  pull_request: Type.Object({
    title: Type.String(),
    body: NullableString,
    html_url: NullableString,
    draft: Type.Optional(Type.Union([Type.Null(), Type.Boolean()])),
    labels: Type.Optional(
      Type.Union([Type.Null(), Type.Array(Type.Object({ name: NullableString }))]),
    ),
    milestone: Type.Optional(Type.Union([Type.Null(), Type.Object({ title: NullableString })])),
    user: Type.Optional(Type.Union([Type.Null(), Sender])),
    head: Side,
    base: Side,
  }),
  repository: Type.Object({ full_name: Type.String() }),
  sender: Type.Optional(Sender),
})
const PullRequestPayload = Compile(Payload)
type PullRequestPayload = Static<typeof Payload>

/** GitHub's action -> the name that pipelines know it by (Drone's). */
const BUILT_ACTIONS: ReadonlyMap<string, string> = new Map([
  ['opened', 'opened'],
  ['reopened', 'reopened'],
  ['synchronize', 'synchronized'],
])

/**
 * A pull request that was opened, reopened or got new commits.
 * @throws SandpiperError SP_HOOK_BODY_INVALID
 */
export function readPullRequest(payload: unknown): EventReading {
  const hook = decode(PullRequestPayload, payload)
  const action = BUILT_ACTIONS.get(hook.action)
  if (action === undefined) {
    return buildsNothing(`a pull request that was ${cleanLine(hook.action)} makes no build`)
  }
  checkSides(hook)
  const { title, body, head } = hook.pull_request
  const directive = skipDirective(title, body)
  if (directive !== null) return buildsNothing(`the pull request has ${directive}`)
  if (head.repo === null) return buildsNothing('the repo that the pull request came from is gone')
  return builds(pullRequestEvent(hook, action, head.repo.full_name))
}

function pullRequestEvent(hook: PullRequestPayload, action: string, headRepo: string): BuildEvent {
  const { title, body, head, base, user, html_url: link } = hook.pull_request
  const author = { login: user?.login, avatar: user?.avatar_url }
  const isFork = headRepo.toLowerCase() !== hook.repository.full_name.toLowerCase()
  return {
    ...commonEvent(author, hook.sender?.login ?? user?.login ?? '', link ?? ''),
    event: 'pull_request',
    action,
    ref: `refs/pull/${hook.number}/head`,
    branch: base.ref,
    sourceBranch: head.ref,
    sourceRepo: isFork ? cleanLine(headRepo) : '',
    after: head.sha,
    before: base.sha,
    message: cleanText(body),
    title: cleanLine(title),
    ...detailsOf(hook.pull_request),
  }
}

function detailsOf({
  draft,
  labels,
  milestone,
}: PullRequestPayload['pull_request']): Pick<BuildEvent, 'draft' | 'labels' | 'milestone'> {
  const names = labels?.flatMap(({ name }) => (name ? [cleanLine(name)] : []))
  return {
    ...(typeof draft === 'boolean' ? { draft } : {}),
    ...(names === undefined ? {} : { labels: names.slice(0, LABELS_MAX) }),
    ...(milestone?.title ? { milestone: cleanLine(milestone.title) } : {}),
  }
}

function checkSides(hook: PullRequestPayload): void {
  for (const name of ['head', 'base'] as const) {
    const side = hook.pull_request[name]
    if (!isCommitId(side.sha)) {
      throw invalidBody(`pull_request.${name}.sha`, 'must be 40 or 64 lower-case hex digits')
    }
    if (!isFullRef(`refs/heads/${side.ref}`)) {
      throw invalidBody(`pull_request.${name}.ref`, 'is not a branch name that git accepts')
    }
  }
}
