import { expect } from '@jest/globals'
import { cleanUrl } from '../text.js'

/** What an independent parser, drone/go-scm, made of a payload: the parts of its types that we compare. */
export interface Golden {
  readonly Action?: string
  readonly Ref?: string | { readonly Name: string; readonly Path: string; readonly Sha: string }
  readonly Before?: string
  readonly Commit?: {
    readonly Sha: string
    readonly Message: string
    readonly Link: string
    readonly Author: Person & { readonly Date?: string }
  }
  readonly Execution?: unknown
  readonly Comment?: unknown
  readonly Review?: unknown
  readonly Release?: {
    readonly Tag: string
    readonly Title: string
    readonly Description: string
    readonly Link: string
    readonly Prerelease: boolean
  }
  readonly PullRequest?: GoldenPullRequest
  readonly Target?: string
  readonly Task?: string
  readonly Desc?: string
  readonly Number?: number
  readonly Data?: unknown
  readonly Repo?: { readonly Namespace: string; readonly Name: string }
  readonly Sender?: Person
}

interface Person {
  readonly Login: string
  readonly Name: string
  readonly Email: string
  readonly Avatar: string
}

interface GoldenPullRequest {
  readonly Number: number
  readonly Title: string
  readonly Body: string
  readonly Sha: string
  readonly Ref: string
  readonly Source: string
  readonly Target: string
  readonly Fork: string
  readonly Link: string
  readonly Draft: boolean
  readonly Base?: { readonly Sha: string }
  readonly Author: Person
  readonly Labels?: readonly { readonly Name: string }[] | null
}

/** What we have to make of it: an event with at least these fields, or the reason for none. */
export interface Facts {
  readonly slug: string
  readonly event: Record<string, unknown> | undefined
  readonly reason: RegExp
}

/** The facts in a golden result, in our words. */
export function factsOf(golden: Golden, forge: string): Facts {
  const slug = `${golden.Repo?.Namespace ?? ''}/${golden.Repo?.Name ?? ''}`
  const { event, reason } = eventOf(golden, forge)
  return { slug, event, reason: reason ?? /^$/ }
}

interface EventOrReason {
  readonly event?: Record<string, unknown>
  readonly reason?: RegExp
}

function eventOf(golden: Golden, forge: string): EventOrReason {
  const { Execution, Comment, PullRequest, Release, Target, Commit, Ref } = golden
  if (Execution !== undefined || Comment !== undefined) return { reason: /makes no build/ }
  if (PullRequest !== undefined) return pullRequest(golden, PullRequest, forge)
  if (Release !== undefined) return release(golden, Release)
  if (Target !== undefined) return { event: deployment(golden) }
  if (Commit !== undefined && typeof Ref === 'string') return push(golden, Commit, Ref)
  if (typeof Ref === 'object') return refChange(golden, Ref, forge)
  return { reason: /./ }
}

function push(golden: Golden, commit: NonNullable<Golden['Commit']>, ref: string): EventOrReason {
  if (/^0*$/.test(commit.Sha)) return { reason: /was deleted/ }
  const { Author: author } = commit
  const event = {
    event: ref.startsWith('refs/tags/') ? 'tag' : 'push',
    ref,
    before: golden.Before,
    after: commit.Sha,
    message: commit.Message,
    link: cleanUrl(commit.Link),
    author: person(author),
    ...known('committed', author.Date === undefined ? 0 : Date.parse(author.Date)),
    sender: golden.Sender?.Login,
  }
  return { event }
}

function refChange(
  { Action, Sender }: Golden,
  { Name, Sha }: { readonly Name: string; readonly Sha: string },
  forge: string,
): EventOrReason {
  if (Action === 'deleted') return { reason: /was deleted/ }
  // Elsewhere a push tells of it as well.
  if (Sha === '' || forge === 'github') return { reason: /comes as a push/ }
  return {
    event: {
      ref: expect.stringMatching(/\/[^/]+$/),
      after: Sha,
      sender: Sender?.Login,
      ...named(Name),
    },
  }
}

function named(name: string): Record<string, unknown> {
  return { ref: expect.stringContaining(`/${name}`) }
}

/** go-scm's action -> our event and action. */
const PULL_REQUEST_ACTIONS: Readonly<Record<string, readonly [string, string | undefined]>> = {
  opened: ['pull_request', 'opened'],
  reopened: ['pull_request', 'reopened'],
  synchronized: ['pull_request', 'synchronized'],
  closed: ['pull_request_closed', undefined],
  merged: ['pull_request_closed', 'merged'],
  updated: ['pull_request_metadata', undefined],
  labeled: ['pull_request_metadata', 'labeled'],
  unlabeled: ['pull_request_metadata', 'unlabeled'],
  review_ready: ['pull_request_metadata', 'ready_for_review'],
}

function pullRequest(golden: Golden, pull: GoldenPullRequest, forge: string): EventOrReason {
  const names = PULL_REQUEST_ACTIONS[golden.Action ?? '']
  if (names === undefined) return { reason: /makes no build/ }
  const [event, action] = names
  const { Namespace = '', Name = '' } = golden.Repo ?? {}
  const isFork =
    forge !== 'gitlab' && pull.Fork.toLowerCase() !== `${Namespace}/${Name}`.toLowerCase()
  const facts = {
    event,
    ...(action === undefined ? {} : { action }),
    ref: pull.Ref,
    after: pull.Sha,
    ...known('before', pull.Base?.Sha ?? ''),
    title: pull.Title,
    message: pull.Body,
    sourceBranch: pull.Source,
    branch: pull.Target,
    sourceRepo: isFork ? pull.Fork : '',
    ...known('link', cleanUrl(pull.Link)),
    author: person(pull.Author),
    sender: golden.Sender?.Login,
  }
  return { event: facts }
}

function release(
  golden: Golden,
  { Tag, Title, Description, Link, Prerelease }: NonNullable<Golden['Release']>,
): EventOrReason {
  if (golden.Action !== 'published') return { reason: /makes no build/ }
  const event = {
    event: 'release',
    ref: `refs/tags/${Tag}`,
    title: Title,
    message: Description,
    link: Link,
    prerelease: Prerelease,
    sender: golden.Sender?.Login,
  }
  return { event }
}

function deployment(golden: Golden): Record<string, unknown> {
  const ref = typeof golden.Ref === 'object' ? golden.Ref : undefined
  return {
    event: 'promote',
    ref: ref?.Path,
    after: ref?.Sha,
    deployTo: golden.Target,
    deployTask: golden.Task,
    deployId: golden.Number,
    message: golden.Desc,
    params: golden.Data,
    sender: golden.Sender?.Login,
  }
}

/** go-scm leaves out the avatar of most, and gravatar's addresses it makes up itself. */
function person({ Login = '', Name = '', Email = '', Avatar = '' }: Partial<Person>): unknown {
  const avatar = cleanUrl(Avatar)
  return expect.objectContaining({
    ...known('login', Login),
    ...known('name', Name),
    ...known('email', Email),
    ...known('avatar', avatar.includes('www.gravatar.com') ? '' : avatar),
  })
}

/** A field that is compared when go-scm knows it. */
function known(name: string, value: string | number): Record<string, unknown> {
  return value === '' || (typeof value === 'number' && value <= 0) ? {} : { [name]: value }
}
