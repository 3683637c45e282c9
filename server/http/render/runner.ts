import type { KnownRunner } from '../../runners/types.js'
import { seconds } from './time.js'

/** A runner as the API shows it. */
export function renderRunner({ runner, online }: KnownRunner) {
  return {
    session: runner.session,
    machine: runner.machine,
    online,
    os: runner.os,
    arch: runner.arch,
    variant: runner.variant,
    kernel: runner.os_version,
    labels: JSON.parse(runner.labels_json) as Readonly<Record<string, string>>,
    capacity: runner.capacity,
    running: runner.running,
    version: runner.version,
    first_seen: seconds(runner.first_seen),
    last_seen: seconds(runner.last_seen),
    first_seen_ms: runner.first_seen,
    last_seen_ms: runner.last_seen,
  }
}
