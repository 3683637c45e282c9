import type { HealthcheckPlan } from '../plan.js'
import { list } from './collections.js'
import { byKind, mapped } from './combinators.js'
import { type Keys, object } from './object.js'
import { ANY_TEXT, integer, text, wrong } from './scalars.js'
import type { Shape } from './shape.js'
import { duration } from './units.js'

const INTERVAL_DEFAULT_MS = 1000
const TIMEOUT_DEFAULT_MS = 5000
const RETRIES_DEFAULT = 60
const ARGUMENTS_MAX = 100
const ARGUMENT = text({ ...ANY_TEXT, lengthMax: 4096 })

/** A check is too cheap for a shell to be started more often. */
const INTERVAL_MIN_MS = 100

const COMMAND: Shape<readonly string[]> = byKind<readonly string[]>(
  {
    scalar: mapped(ARGUMENT, ({ value }) => ['/bin/sh', '-c', value]),
    list: mapped(list(ARGUMENT, ARGUMENTS_MAX), ({ items }) => items.map(({ value }) => value)),
  },
  'text or a list',
)

const HEALTHCHECK_KEYS = {
  command: {
    shape: COMMAND,
    origin: 'sandpiper',
    description:
      'Passes with exit code 0. It is run inside of the step: text by /bin/sh, a list as a program ' +
      'with its arguments.',
    example: 'healthcheck:\n  command: pg_isready -U postgres',
  },
  port: {
    shape: integer(1, 65535),
    origin: 'sandpiper',
    description: 'Passes when something listens on this TCP port of the service.',
    example: 'healthcheck:\n  port: 6379',
  },
  interval: {
    shape: duration(INTERVAL_MIN_MS),
    default: '1s',
    origin: 'sandpiper',
    description: 'Time between two checks.',
  },
  timeout: {
    shape: duration(),
    default: '5s',
    origin: 'sandpiper',
    description: 'Time that one check may take.',
  },
  retries: {
    shape: integer(1, 1000),
    default: RETRIES_DEFAULT,
    origin: 'sandpiper',
    description: 'Checks that may fail before the step is given up, which fails the pipeline.',
  },
  start_period: {
    shape: duration(0),
    default: '0s',
    origin: 'sandpiper',
    description: 'Time from the start in which checks that fail do not count.',
  },
} satisfies Keys

/** How it is found out that a service is ready: a command or a port, one of them. */
export const HEALTHCHECK: Shape<HealthcheckPlan> = mapped(
  object(HEALTHCHECK_KEYS),
  (
    { command, port, interval, timeout, retries, start_period: startPeriod },
    node,
    context,
    where,
  ) => {
    if ((command === undefined) === (port === undefined)) {
      const message = `${where} needs ${port === undefined ? '' : 'only '}one of \`command\` and \`port\``
      return wrong(node, context, message)
    }
    return {
      ...(command === undefined ? {} : { command }),
      ...(port === undefined ? {} : { port: port.value }),
      intervalMs: interval?.value ?? INTERVAL_DEFAULT_MS,
      timeoutMs: timeout?.value ?? TIMEOUT_DEFAULT_MS,
      retries: retries?.value ?? RETRIES_DEFAULT,
      startPeriodMs: startPeriod?.value ?? 0,
    }
  },
)

/** The check that follows from a port which a service says it has. */
export function impliedHealthcheck(port: number): HealthcheckPlan {
  return {
    port,
    intervalMs: INTERVAL_DEFAULT_MS,
    timeoutMs: TIMEOUT_DEFAULT_MS,
    retries: RETRIES_DEFAULT,
    startPeriodMs: 0,
    implied: true,
  }
}
