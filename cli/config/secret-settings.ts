import { RUNNER_SECRET_LENGTH_MIN } from '../../protocol/job-secrets.js'
import type { Setting } from './settings.js'
import type { ValueType } from './values.js'

const sharedSecret: ValueType<string> = {
  name: 'text',
  parse: (raw) =>
    raw.trim().length < RUNNER_SECRET_LENGTH_MIN
      ? { problem: `must have at least ${RUNNER_SECRET_LENGTH_MIN} characters` }
      : { value: raw.trim() },
}

/** What servers and runners share. */
export const SECRET_SETTINGS = {
  runnerSecret: define({
    env: 'SANDPIPER_RUNNER_SECRET',
    type: sharedSecret,
    secret: true,
    defaultText: 'the file runner.key of the data directory',
    description:
      'What the secrets of jobs are sealed with on their way to a runner: the same for servers and runners',
    scopes: ['standalone', 'server', 'runner'],
  }),
} as const

function define<T>(setting: Setting<T>): Setting<T> {
  return setting
}
