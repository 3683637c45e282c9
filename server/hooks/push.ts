import type { BuildEvent } from '../../pipelines/event.js'
import { invalidBody } from './decode.js'
import { builds, buildsNothing } from './reading.js'
import type { EventReading } from './reading.js'
import { branchOf, isCommitId, isFullRef, isZeroId, tagOf } from './ref.js'
import { skipDirective } from './skip.js'
import { cleanLine, cleanText, cleanUrl } from './text.js'

/** A pushed ref in words that every forge's push can be put in; nothing in it is checked yet. */
export interface Push {
  readonly ref: string
  readonly before: string
  readonly after: string
  readonly deleted: boolean
  /** Full ref of the branch a tag was made from, where the forge knows it; else empty. */
  readonly baseRef: string
  readonly message: string
  /** When the commit was made: Unix time in milliseconds; absent when the sender does not say. */
  readonly committed?: number | undefined
  readonly link: string
  readonly author: Author
  readonly sender: string
}

/** A person as senders name them. */
export interface Author {
  readonly login?: string | null | undefined
  readonly name?: string | null | undefined
  readonly email?: string | null | undefined
  readonly avatar?: string | null | undefined
}

/**
 * The build event of a push: `push` for a branch, `tag` for a tag.
 * @throws SandpiperError SP_HOOK_BODY_INVALID when the ref or a commit id is malformed
 */
export function pushReading(push: Push): EventReading {
  checkIds(push)
  if (push.deleted || isZeroId(push.after)) return buildsNothing(`${push.ref} was deleted`)
  const isTag = tagOf(push.ref) !== ''
  if (!isTag && branchOf(push.ref) === '') {
    return buildsNothing(`${push.ref} is neither a branch nor a tag`)
  }
  const directive = isTag ? null : skipDirective(push.message)
  if (directive !== null) return buildsNothing(`the commit message has ${directive}`)
  return builds(isTag ? tagEvent(push) : branchEvent(push))
}

/** The parts that every event has, from words of the sender; events spread it and say what differs. */
export function commonEvent(author: Author, sender: string, link: string): CommonEvent {
  return {
    sourceRepo: '',
    title: '',
    link: cleanUrl(link),
    author: {
      login: cleanLine(author.login),
      name: cleanLine(author.name),
      email: cleanLine(author.email),
      avatar: cleanUrl(author.avatar),
    },
    sender: cleanLine(sender),
    cron: '',
    deployTo: '',
    params: {},
  }
}

type CommonEvent = Pick<
  BuildEvent,
  'sourceRepo' | 'title' | 'link' | 'author' | 'sender' | 'cron' | 'deployTo' | 'params'
>

function branchEvent(push: Push): BuildEvent {
  return { ...refEvent(push, branchOf(push.ref)), event: 'push', action: '' }
}

function tagEvent(push: Push): BuildEvent {
  const branch = isFullRef(push.baseRef) ? branchOf(push.baseRef) : ''
  return { ...refEvent(push, branch), event: 'tag', action: 'created' }
}

function refEvent(push: Push, branch: string): Omit<BuildEvent, 'event' | 'action'> {
  return {
    ...commonEvent(push.author, push.sender, push.link),
    ref: push.ref,
    branch,
    sourceBranch: branch,
    after: push.after,
    before: push.before,
    message: cleanText(push.message),
    ...(push.committed === undefined ? {} : { committed: push.committed }),
  }
}

function checkIds(push: Push): void {
  if (!isFullRef(push.ref)) throw invalidBody('ref', 'is not a full ref that git accepts')
  if (!isCommitId(push.after) && !isZeroId(push.after)) {
    throw invalidBody('after', 'must be 40 or 64 lower-case hex digits')
  }
  if (push.before !== '' && !isCommitId(push.before) && !isZeroId(push.before)) {
    throw invalidBody('before', 'must be empty or 40 or 64 lower-case hex digits')
  }
}
