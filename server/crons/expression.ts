import { CronExpressionParser } from 'cron-parser'
import { messageOf } from '../../protocol/errors.js'
import { cronInvalid } from './errors.js'

const EXPRESSION_MAX = 100
const TIMEZONE_MAX = 64
const HINT =
  'Write it as crontab(5) has it, such as `30 2 * * 1-5`, or @hourly, @daily, @weekly, @monthly.'

/** A time table and the time zone that it is read in. */
export interface Schedule {
  readonly expr: string
  /** Empty: UTC. */
  readonly timezone: string
}

/**
 * When a cron is due next, after `after` (Unix milliseconds).
 * @throws SandpiperError SP_CRON_INVALID
 */
export function nextTick(schedule: Schedule, after: number): number {
  const { expr, timezone } = schedule
  try {
    const tz = timezone === '' ? 'UTC' : timezone
    return CronExpressionParser.parse(expr, { currentDate: new Date(after), tz })
      .next()
      .getTime()
  } catch (error) {
    throw cronInvalid('The expression', expr, `${HINT} The reader of it says: ${messageOf(error)}`)
  }
}

/**
 * Checks a time table, and that it is due at most once a minute.
 * @throws SandpiperError SP_CRON_INVALID
 */
export function checkSchedule({ expr, timezone }: Schedule): void {
  const fields = expr.trim().split(/\s+/)
  const isText = expr.length <= EXPRESSION_MAX && !/[^\x20-\x7e]/.test(expr)
  const isNamed = fields.length === 1 && /^@[a-z]+$/.test(expr) && expr !== '@secondly'
  if (!isText || !(isNamed || fields.length === 5 || fields.length === 6)) {
    throw cronInvalid('The expression', expr, HINT)
  }
  if (fields.length === 6 && !/^\d+$/.test(fields[0] ?? '')) {
    const hint = 'The first of six fields is the second: give one number, or leave the field out.'
    throw cronInvalid('The expression', expr, hint)
  }
  if (!isTimezone(timezone)) {
    throw cronInvalid(
      'The time zone',
      timezone,
      'Give an IANA name, such as Europe/Berlin, or none for UTC.',
    )
  }
  nextTick({ expr, timezone }, 0)
}

function isTimezone(name: string): boolean {
  if (name === '') return true
  if (name.length > TIMEZONE_MAX || !/^[A-Za-z0-9_+/-]+$/.test(name)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
