import type { RetryPlan } from '../plan.js'
import { oneOrMany } from './collections.js'
import { byKind, mapped } from './combinators.js'
import { type Keys, object } from './object.js'
import { integer } from './scalars.js'
import type { Shape } from './shape.js'
import { duration } from './units.js'

const COUNT_MAX = 20
const BACKOFF_DEFAULT_MS = 1000

const COUNT = integer(0, COUNT_MAX)

const RETRY_KEYS = {
  count: {
    shape: COUNT,
    default: 1,
    origin: 'sandpiper',
    description: `Tries after the first one, ${COUNT_MAX} at most.`,
  },
  backoff: {
    shape: duration(0),
    default: '1s',
    origin: 'sandpiper',
    description: 'Pause before the second try; each further pause is twice as long.',
  },
  exit_codes: {
    shape: oneOrMany(integer(1, 255)),
    origin: 'sandpiper',
    description: 'Try again only after these exit codes. Default: after any failure.',
  },
} satisfies Keys

/** How often a step is tried again; a count of 0 is the same as nothing. */
export const RETRY: Shape<RetryPlan> = byKind<RetryPlan>(
  {
    scalar: mapped(COUNT, ({ value }) => plan(value)),
    map: mapped(object(RETRY_KEYS), ({ count, backoff, exit_codes: codes }) =>
      plan(
        count?.value ?? 1,
        backoff?.value,
        codes?.items.map(({ value }) => value),
      ),
    ),
  },
  'a number or a mapping',
)

function plan(
  count: number,
  backoffMs = BACKOFF_DEFAULT_MS,
  exitCodes: readonly number[] = [],
): RetryPlan | null {
  if (count === 0) return null
  return { count, backoffMs, ...(exitCodes.length === 0 ? {} : { exitCodes }) }
}
