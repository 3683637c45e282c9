import { SandpiperError } from '../../protocol/errors.js'

/** What a cron is to be made of can't be used. */
export function cronInvalid(what: string, value: string, hint: string): SandpiperError {
  const shown = JSON.stringify(value.slice(0, 100))
  return new SandpiperError('SP_CRON_INVALID', `${what} ${shown} of a cron can't be used.`, {
    hint,
  })
}

/** The repo has a cron of that name. */
export function cronExists(name: string): SandpiperError {
  return new SandpiperError('SP_CRON_EXISTS', `There is a cron ${name} already.`, {
    hint: 'Change it, or choose another name.',
  })
}

/** The repo has no cron of that name. */
export function cronUnknown(slug: string, name: string): SandpiperError {
  return new SandpiperError('SP_CRON_UNKNOWN', `${slug} has no cron ${name}.`, {
    hint: '`sandpiper cron ls` shows its crons.',
  })
}
