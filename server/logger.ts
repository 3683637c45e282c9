import { pino } from 'pino'
import type { DestinationStream, Logger } from 'pino'

/** Fields that may hold a secret, wherever they are one or two levels deep. */
const SECRET_FIELDS = [
  'secret',
  'hookSecret',
  'hook_secret',
  'token',
  'adminToken',
  'password',
  'authorization',
  'cookie',
]

/** The server's log: one JSON object a line. Secrets that are logged by mistake are blotted out. */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const paths = SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`])
  const options = { level, redact: { paths, censor: '[redacted]' } }
  return destination ? pino(options, destination) : pino(options)
}
