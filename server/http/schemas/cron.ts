import { Type } from 'typebox'
import { RepoName } from './params.js'
import { Id, Milliseconds, Seconds } from './scalars.js'

const CronName = Type.String({ pattern: '^[A-Za-z0-9_.][A-Za-z0-9_.-]{0,99}$', maxLength: 100 })
const Expression = Type.String({ minLength: 1, maxLength: 100 })
const Branch = Type.String({ minLength: 1, maxLength: 200 })
const OPTIONS = {
  timezone: Type.Optional(Type.String({ maxLength: 64, description: 'IANA name; default: UTC.' })),
  target: Type.Optional(Type.String({ maxLength: 200, description: 'Environment to deploy to.' })),
  disabled: Type.Optional(Type.Boolean()),
  event: Type.Optional(Type.Literal('push', { description: "Drone's clients send it." })),
}

/** `/repos/:owner/:name/cron/:cron`. */
export const CronParams = Type.Object({ owner: RepoName, name: RepoName, cron: CronName })

/** Body of a new cron. */
export const CronBody = Type.Object(
  { name: CronName, expr: Expression, branch: Type.Optional(Branch), ...OPTIONS },
  { additionalProperties: false },
)

/** Body of a change. */
export const CronChangeBody = Type.Object(
  { expr: Type.Optional(Expression), branch: Type.Optional(Branch), ...OPTIONS },
  { additionalProperties: false },
)

/** A cron as `renderCron` makes it. */
export const Cron = Type.Object(
  {
    id: Id,
    repo_id: Id,
    name: Type.String(),
    expr: Type.String(),
    timezone: Type.String(),
    event: Type.String(),
    branch: Type.String(),
    target: Type.String(),
    disabled: Type.Boolean(),
    next: Seconds,
    prev: Seconds,
    created: Seconds,
    updated: Seconds,
    next_ms: Milliseconds,
    prev_ms: Milliseconds,
    last_build: Type.Integer({ description: '0: none yet.' }),
    version: Type.Integer(),
  },
  { title: 'Cron' },
)
