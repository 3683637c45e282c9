import { Type } from 'typebox'
import type { Static, TSchema } from 'typebox'
import type { RepoChange } from '../../../builds/repo-change.js'
import { FORGE_KINDS } from '../../../forges/types.js'
import { ForgeToken } from '../../schemas/repo.js'

/** Drone's clients send null for what they do not change. */
const unchanged = <T extends TSchema>(schema: T) => Type.Optional(Type.Union([schema, Type.Null()]))
const Count = (maximum: number) => Type.Integer({ minimum: 0, maximum })
/** 0: as the server says, -1: all. */
const Kept = (maximum: number) => Type.Integer({ minimum: -1, maximum })
const oneOf = <const T extends readonly string[]>(...values: T) =>
  Type.Union(values.map((value) => Type.Literal(value as T[number])))

/** A day over a year, in minutes. */
const TIMEOUT_MINUTES_MAX = 366 * 24 * 60
const COUNTER_MAX = 1_000_000_000
const KEEP_MAX = 1_000_000

/** Settings that only administrators of the installation change: they cost, or open, what belongs to all. */
export const ADMIN_SETTINGS = ['timeout', 'throttle', 'counter', 'network_allow', 'forge'] as const

/** Body of `PATCH /api/repos/:owner/:name`. */
export const RepoPatch = Type.Object(
  {
    visibility: unchanged(oneOf('public', 'internal', 'private')),
    protected: unchanged(Type.Boolean()),
    trusted: unchanged(Type.Literal(false, { description: 'No step gets more than others.' })),
    require_approval: unchanged(oneOf('none', 'forks', 'pull_requests', 'all')),
    ignore_forks: unchanged(Type.Boolean()),
    ignore_pull_requests: unchanged(Type.Boolean()),
    auto_cancel_pushes: unchanged(Type.Boolean()),
    auto_cancel_pull_requests: unchanged(Type.Boolean()),
    auto_cancel_running: unchanged(Type.Boolean()),
    default_branch: unchanged(Type.String({ minLength: 1, maxLength: 200 })),
    link: unchanged(Type.String({ maxLength: 2000 })),
    keep_days: unchanged(Kept(KEEP_MAX)),
    keep_builds: unchanged(Kept(KEEP_MAX)),
    keep_bytes: unchanged(Kept(Number.MAX_SAFE_INTEGER)),
    timeout: unchanged(Type.Integer({ minimum: 1, maximum: TIMEOUT_MINUTES_MAX })),
    throttle: unchanged(Count(KEEP_MAX)),
    counter: unchanged(Count(COUNTER_MAX)),
    network_allow: Type.Optional(
      Type.Union([Type.Array(Type.String({ maxLength: 512 }), { maxItems: 1000 }), Type.Null()], {
        description: 'Null: what the runner lets all.',
      }),
    ),
    forge: unchanged(oneOf('', ...FORGE_KINDS)),
    forge_token: Type.Optional(
      Type.Union([ForgeToken, Type.Null()], {
        description:
          'For its statuses, its webhook and its clones; never shown again. Null: none of its own.',
      }),
    ),
  },
  { additionalProperties: false },
)

/** The change that a body asks for; null and absent change nothing, but where null is a value. */
export function repoChange(body: Static<typeof RepoPatch>): RepoChange {
  const change = {
    visibility: body.visibility,
    protected: body.protected,
    requireApproval: body.require_approval,
    ignoreForks: body.ignore_forks,
    ignorePullRequests: body.ignore_pull_requests,
    autoCancelPushes: body.auto_cancel_pushes,
    autoCancelPullRequests: body.auto_cancel_pull_requests,
    autoCancelRunning: body.auto_cancel_running,
    defaultBranch: body.default_branch,
    link: body.link,
    keepDays: body.keep_days,
    keepBuilds: body.keep_builds,
    keepBytes: body.keep_bytes,
    runningMax: body.throttle,
    counter: body.counter,
    timeoutMs: body.timeout && body.timeout * 60_000,
    forge: body.forge,
  }
  const entries = Object.entries(change).filter(
    ([, value]) => value !== undefined && value !== null,
  )
  return {
    ...(Object.fromEntries(entries) as RepoChange),
    ...(body.network_allow === undefined ? {} : { networkAllow: body.network_allow }),
    ...(body.forge_token === undefined ? {} : { forgeToken: body.forge_token }),
  }
}
