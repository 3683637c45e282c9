import type { Logger } from 'pino'
import type { Observation } from './observation.js'

/** Logs the beginning and the end of stages and builds by their ids; steps and lines of logs are too many. */
export function logObservation(logger: Logger, { kind, ...facts }: Observation): void {
  switch (kind) {
    case 'stage.started':
      logger.info(facts, 'a stage started')
      break
    case 'stage.finished':
      logger.info(facts, 'a stage ended')
      break
    case 'build.finished':
      logger.info(facts, 'a build ended')
      break
    default:
  }
}
