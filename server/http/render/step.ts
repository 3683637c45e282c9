import type { Step } from '../../services.js'
import { seconds } from './time.js'
import { renderUsage } from './usage.js'

/**
 * A step as Drone's API has it (`step_id` is Drone's name for the id of the step's stage); `usage`, `log`
 * and `*_ms` are ours.
 */
export function renderStep(step: Step) {
  return {
    id: step.id,
    step_id: step.stage_id,
    number: step.number,
    name: step.name,
    status: step.status,
    error: step.error,
    errignore: step.errignore === 1,
    exit_code: step.exit_code,
    started: seconds(step.started),
    stopped: seconds(step.stopped),
    started_ms: step.started,
    stopped_ms: step.stopped,
    // Steps have no change counter: this one goes up when the step starts and when it ends.
    version: 1 + Number(step.started > 0) + Number(step.stopped > 0),
    depends_on: JSON.parse(step.depends_on_json) as readonly string[],
    image: step.image,
    detached: step.detached === 1,
    usage: renderUsage(step.usage_json),
    log: { bytes: step.log_bytes, lines: step.log_lines },
  }
}
