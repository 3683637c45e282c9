import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { decode, parseJson } from '../decode.js'
import { deliveryIdOf, eventNameOf } from '../delivery-id.js'
import { readPullRequest } from '../github/pull-request.js'
import { readRelease } from '../github/release.js'
import { buildsNothing } from '../reading.js'
import type { EventReading, HookFormat } from '../reading.js'
import { NullableString, nullable } from '../shapes.js'
import { hmacSha256 } from '../signature.js'
import { cleanLine } from '../text.js'
import { readCreate, readDelete } from './create.js'
import { readPush } from './push.js'

const WithRepository = Compile(
  Type.Object({ repository: nullable(Type.Object({ full_name: NullableString })) }),
)

// Forgejo sends its own headers, Gitea's, Gogs' and GitHub's; Gitea all but the first.
const KINDS = ['forgejo', 'gitea', 'gogs']
const EVENT_HEADERS = KINDS.map((kind) => `x-${kind}-event`)
const DELIVERY_HEADERS = KINDS.map((kind) => `x-${kind}-delivery`)
const SCHEME = hmacSha256({
  'x-forgejo-signature': '',
  'x-gitea-signature': '',
  'x-gogs-signature': '',
  'x-hub-signature-256': 'sha256=',
})

/** Webhooks of Gitea (docs.gitea.com, "Webhooks"), and of Gogs, which it came from. */
export const giteaFormat = format('gitea')
/** Webhooks of Forgejo (forgejo.org/docs, "Webhooks"). */
export const forgejoFormat = format('forgejo')

function format(forge: string): HookFormat {
  return {
    forge,
    scheme: SCHEME,
    repoField: 'full_name',
    read: (headers, body) => {
      const deliveryId = deliveryIdOf(headers, DELIVERY_HEADERS, body)
      const eventName = eventNameOf(headers, EVENT_HEADERS)
      const payload = parseJson(body)
      const slug = decode(WithRepository, payload).repository?.full_name ?? null
      return { deliveryId, slug, eventName, ...readEvent(eventName, payload) }
    },
  }
}

/** What the one header calls `pull_request` has a name of its own for each kind of change in another. */
const PULL_REQUEST_EVENTS: ReadonlySet<string> = new Set([
  'pull_request',
  'pull_request_sync',
  'pull_request_label',
  'pull_request_milestone',
  'pull_request_assign',
  'pull_request_review_request',
])

/**
 * True for the head of one that was pushed straight to `refs/for/*` (AGit flow), which names the target as its own repo.
 */
function isWithoutBranch(head: string): boolean {
  return head === '' || head.startsWith('refs/')
}

function readEvent(name: string, payload: unknown): EventReading {
  if (PULL_REQUEST_EVENTS.has(name)) return readPullRequest(payload, isWithoutBranch)
  switch (name) {
    case 'push':
      return readPush(payload)
    case 'create':
      return readCreate(payload)
    case 'delete':
      return readDelete(payload)
    case 'release':
      return readRelease(payload)
    default:
      return buildsNothing(`the event ${cleanLine(name)} makes no build`)
  }
}
