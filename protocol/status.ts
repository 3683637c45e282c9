/** Status of a build, a stage or a step. The names are Drone's, and so is the JSON. */
export type Status =
  | 'waiting_on_dependencies'
  | 'blocked'
  | 'pending'
  | 'running'
  | 'success'
  | 'failure'
  | 'error'
  | 'killed'
  | 'skipped'
  | 'declined'

const TERMINAL: ReadonlySet<Status> = new Set([
  'success',
  'failure',
  'error',
  'killed',
  'skipped',
  'declined',
])

/** True when the status can't change any more. */
export function isTerminal(status: Status): boolean {
  return TERMINAL.has(status)
}

/** True for the statuses that make whatever contains the thing fail. */
export function isFailure(status: Status): boolean {
  return status === 'failure' || status === 'error' || status === 'killed' || status === 'declined'
}
