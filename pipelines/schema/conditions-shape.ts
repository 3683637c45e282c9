import { EVENT_NAMES } from '../event.js'
import { CONDITION_ALTERNATIVES_MAX } from '../limits.js'
import type { Node } from '../parse/tree.js'
import { condition } from './condition-shape.js'
import { EXPRESSION } from './expression-shape.js'
import { MATRIX_CONDITION } from './matrix-condition-shape.js'
import { type DecodedObject, type Keys, object } from './object.js'
import { PATHS } from './paths-shape.js'
import { flag, wrongKind } from './scalars.js'
import type { DecodeContext, Shape } from './shape.js'

const ANY = condition()

const EVENTS = condition({
  words: EVENT_NAMES,
  foreign: {
    deployment: 'Drone calls deployments `promote` and `rollback`',
    manual: 'builds that are started by hand are `custom`',
  },
})

const PATHS_DESCRIPTION =
  'The files that changed: patterns of which one must match one of them, or `include`, `exclude`, ' +
  '`ignore_message` and `on_empty`. Holds where it is not known what changed.'

const KEYS = {
  action: {
    shape: ANY,
    description: 'What happened to the object, e.g. `opened` or `synchronized`.',
  },
  actions: { shape: ANY, description: 'Another name of `action`.' },
  branch: {
    shape: ANY,
    description: 'The branch pushed to; on pull requests the branch to be merged into.',
  },
  cron: { shape: ANY, description: 'Name of the cron job that started the build.' },
  event: { shape: EVENTS, description: 'What started the build.' },
  instance: { shape: ANY, description: 'Host name of the server.' },
  platform: { shape: ANY, description: 'Platform of the pipeline, e.g. `linux/arm64`.' },
  ref: { shape: ANY, description: 'Full name of the ref, e.g. `refs/heads/main`.' },
  repo: { shape: ANY, description: 'The repository as `owner/name`.' },
  status: {
    shape: condition({ words: ['success', 'failure'] }),
    description:
      'How what came before has ended. Without it only `success` counts; with `failure` this runs ' +
      'after a failure too.',
  },
  target: { shape: ANY, description: 'Environment that is deployed to.' },
  paths: { shape: PATHS, description: PATHS_DESCRIPTION },
  path: { shape: PATHS, description: 'Another name of `paths`.' },
  evaluate: {
    shape: EXPRESSION,
    description:
      'An expression that must be true, e.g. `CI_COMMIT_MESSAGE contains "deploy"`. Variables are ' +
      'those known when the build is made; one that is not set is `nil`.',
  },
  matrix: {
    shape: MATRIX_CONDITION,
    description: 'Values of the combination of the matrix, each as `AXIS: pattern`.',
  },
  local: { shape: flag(), description: 'Taken from Woodpecker; it changes nothing.' },
} satisfies Keys

/** Conditions that must all hold. */
export type ConditionSet = DecodedObject<typeof KEYS>

/** The names that a condition can have. */
export type ConditionName = keyof typeof KEYS

/** Every name that a condition can have. */
export const CONDITION_NAMES = Object.keys(KEYS) as readonly ConditionName[]

/** What `when` or `trigger` asks for. */
export interface Conditions {
  /** One of them must hold; when there is none, nothing is asked for. */
  readonly alternatives: readonly ConditionSet[]
  readonly node: Node
}

const SET = object(KEYS)

/** `when` of a step, `trigger` of a pipeline: conditions, or a list of them of which one must hold. */
export const CONDITIONS: Shape<Conditions> = {
  schema: {
    anyOf: [SET.schema, { type: 'array', items: SET.schema, maxItems: CONDITION_ALTERNATIVES_MAX }],
  },
  emptyAllowed: true,
  decode(node, context, where) {
    if (node.kind === 'map') {
      const only = decodeSet(node, context, where)
      return only && { alternatives: [only], node }
    }
    if (node.kind !== 'list') {
      const hint = 'write `event: push`, for example, below it'
      return wrongKind(node, context, `${where} must be a mapping or a list of mappings`, hint)
    }
    if (node.items.length > CONDITION_ALTERNATIVES_MAX) {
      const message = `${where} has more than ${CONDITION_ALTERNATIVES_MAX} alternatives`
      context.reporter.error('SP_PIPELINE_TOO_LARGE', node.span, message)
      return null
    }
    const alternatives = node.items.flatMap((item) => {
      const decoded = decodeSet(item, context, `an entry of ${where}`)
      return decoded === null ? [] : [decoded]
    })
    return { alternatives, node }
  },
}

function decodeSet(node: Node, context: DecodeContext, where: string): ConditionSet | null {
  const set = SET.decode(node, context, where)
  if (set?.local !== undefined && context.dialect !== 'woodpecker') {
    const message = '`local` changes nothing: steps run wherever the pipeline does'
    context.reporter.warning('SP_PIPELINE_NO_EFFECT', set.local.node.span, message)
  }
  return set
}
