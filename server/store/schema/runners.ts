/** A runner's session as it last announced itself; one that went away stays for a day. */
export interface RunnerTable {
  session: string
  /** Name of its machine, as its operator gave it. */
  machine: string
  /** `stageQueue` of what it offers. */
  queue: string
  os: string
  arch: string
  /** Empty when it tells none; likewise the next. */
  variant: string
  os_version: string
  /** Object of strings. */
  labels_json: string
  /** Stages that it runs at once. */
  capacity: number
  /** Stages that it runs now. */
  running: number
  /** Of Sandpiper; empty when it tells none. */
  version: string
  /** Unix milliseconds. */
  first_seen: number
  /** Some seconds late at most. */
  last_seen: number
}
