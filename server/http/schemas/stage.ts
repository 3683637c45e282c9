import { Type } from 'typebox'
import { Id, Milliseconds, Seconds, StatusName, StringList, StringMap } from './scalars.js'
import { Step } from './step.js'

const STAGE = {
  id: Id,
  repo_id: Id,
  build_id: Id,
  number: Type.Integer(),
  name: Type.String(),
  kind: Type.String(),
  type: Type.String(),
  status: StatusName,
  error: Type.String(),
  errignore: Type.Boolean(),
  exit_code: Type.Integer(),
  machine: Type.String(),
  os: Type.String(),
  arch: Type.String(),
  variant: Type.Optional(Type.String()),
  kernel: Type.Optional(Type.String({ description: 'Version of the operating system.' })),
  labels: StringMap,
  limit: Type.Optional(Type.Integer()),
  concurrency_group: Type.String(),
  attempt: Type.Integer(),
  started: Seconds,
  stopped: Seconds,
  created: Seconds,
  updated: Seconds,
  started_ms: Milliseconds,
  stopped_ms: Milliseconds,
  created_ms: Milliseconds,
  updated_ms: Milliseconds,
  version: Type.Integer(),
  on_success: Type.Boolean(),
  on_failure: Type.Boolean(),
  depends_on: StringList,
  waiting: Type.Optional(Type.String({ description: 'Why it waits, in words.' })),
  copied: Type.Optional(
    Type.Boolean({
      description: 'It was taken over, with its logs, from the build that this one restarts.',
    }),
  ),
} as const

/** A stage as `renderStage` makes it. */
export const Stage = Type.Object({ ...STAGE, steps: Type.Array(Step) }, { title: 'Stage' })

/** A stage as `renderQueuedStage` makes it. */
export const QueuedStage = Type.Object(
  { ...STAGE, slug: Type.String(), build_number: Type.Integer() },
  { title: 'QueuedStage' },
)
