import { EVENT_NAMES } from '../event.js'
import { type Condition, condition } from './condition-shape.js'
import { type DecodedObject, type Key, object } from './object.js'

/** The facts that conditions can ask about. */
export type ConditionName =
  'action' | 'branch' | 'cron' | 'event' | 'ref' | 'repo' | 'status' | 'target'

const KEYS = {
  action: {
    shape: condition(),
    description: 'What happened to the object, e.g. `opened` or `synchronized`.',
  },
  branch: {
    shape: condition(),
    description: 'The branch pushed to; on pull requests the branch to be merged into.',
  },
  cron: { shape: condition(), description: 'Name of the cron job that started the build.' },
  event: { shape: condition(EVENT_NAMES), description: 'What started the build.' },
  ref: { shape: condition(), description: 'Full name of the ref, e.g. `refs/heads/main`.' },
  repo: { shape: condition(), description: 'The repository as `owner/name`.' },
  status: {
    shape: condition(['success', 'failure']),
    description:
      'How what came before has ended. Without it only `success` counts; with `failure` this runs ' +
      'after a failure too.',
  },
  target: { shape: condition(), description: 'Environment that is deployed to.' },
} satisfies Record<ConditionName, Key<Condition>>

/** Conditions that must all hold. */
export type Conditions = DecodedObject<typeof KEYS>

/** Every name that a condition can have. */
export const CONDITION_NAMES = Object.keys(KEYS) as readonly ConditionName[]

/** `when` of a step, `trigger` of a pipeline. */
export const CONDITIONS = object(KEYS, {
  unsupported: ['instance', 'paths', 'path', 'evaluate', 'matrix', 'platform'],
})
