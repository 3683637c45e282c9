import type { BuildFacts } from '../facts.js'
import { seconds, type Variables } from '../value.js'

/** Drone's names for the build. As in Drone, a build that has not ended ends now, that is: has started. */
export function droneBuildVariables(build: BuildFacts): Variables {
  const number = String(build.number)
  const parent = String(build.parent)
  const created = seconds(build.created)
  const started = seconds(build.started)
  const finished = seconds(build.finished ?? build.started)
  return {
    DRONE_BUILD_NUMBER: number,
    DRONE_BUILD_PARENT: parent,
    DRONE_BUILD_CREATED: created,
    DRONE_BUILD_STARTED: started,
    DRONE_BUILD_FINISHED: finished,
    DRONE_BUILD_STATUS: 'success',
    DRONE_BUILD_DEBUG: String(build.debug ?? false),
    DRONE_BUILD_LINK: build.link,
    CI_BUILD_NUMBER: number,
    CI_PARENT_BUILD_NUMBER: parent,
    CI_BUILD_CREATED: created,
    CI_BUILD_STARTED: started,
    CI_BUILD_FINISHED: finished,
    CI_BUILD_STATUS: 'success',
    CI_BUILD_LINK: build.link,
  }
}

/** What differs when a stage of the build has failed. */
export function droneFailureVariables({ failedStages = [] }: BuildFacts): Variables {
  if (failedStages.length === 0) return {}
  return {
    DRONE_BUILD_STATUS: 'failure',
    CI_BUILD_STATUS: 'failure',
    DRONE_FAILED_STAGES: failedStages.join(','),
  }
}
