import { Type } from 'typebox'
import { Id, Milliseconds, Seconds, StatusName, StringMap } from './scalars.js'
import { Stage } from './stage.js'

const BUILD = {
  id: Id,
  repo_id: Id,
  trigger: Type.String(),
  number: Type.Integer(),
  parent: Type.Integer({ description: 'Number of the build that it restarts; 0: none.' }),
  status: StatusName,
  error: Type.String(),
  event: Type.String(),
  action: Type.String(),
  link: Type.String(),
  title: Type.String(),
  message: Type.String(),
  before: Type.String(),
  after: Type.String(),
  ref: Type.String(),
  source_repo: Type.String(),
  source: Type.String(),
  target: Type.String(),
  author_login: Type.String(),
  author_name: Type.String(),
  author_email: Type.String(),
  author_avatar: Type.String(),
  sender: Type.String(),
  params: StringMap,
  cron: Type.String(),
  deploy_to: Type.String(),
  deploy_id: Type.Integer({ description: 'Number of the deployment in its repo; 0: it is none.' }),
  pull_request: Type.Integer({ description: '0: it is of none.' }),
  approval: Type.String({
    description: '`required`, `approved`, `declined`; empty: nobody has to approve it.',
  }),
  approval_reason: Type.String(),
  reviewed_by: Type.String({ description: 'Login of who approved or declined it.' }),
  cancelled_by: Type.String({
    description: 'Login of who cancelled it; empty: nobody, or a rule did.',
  }),
  started: Seconds,
  finished: Seconds,
  created: Seconds,
  updated: Seconds,
  started_ms: Milliseconds,
  finished_ms: Milliseconds,
  created_ms: Milliseconds,
  updated_ms: Milliseconds,
  reviewed_ms: Milliseconds,
  version: Type.Integer(),
} as const

/** A build as `renderBuild` makes it. */
export const Build = Type.Object(BUILD, { title: 'Build' })

/** What is dubious about a build that could be made all the same. */
export const BuildWarning = Type.Object(
  {
    code: Type.String(),
    message: Type.String(),
    file: Type.String({ description: 'Empty when it is about no file.' }),
    line: Type.Integer(),
    column: Type.Integer(),
    hint: Type.String(),
    help: Type.String(),
  },
  { title: 'BuildWarning' },
)

/** A build as `renderBuildDetail` makes it. */
export const BuildDetail = Type.Object(
  {
    ...BUILD,
    waiting: Type.Optional(Type.String({ description: 'Why it waits, in words.' })),
    warnings: Type.Array(BuildWarning),
    stages: Type.Array(Stage),
  },
  { title: 'BuildDetail' },
)
