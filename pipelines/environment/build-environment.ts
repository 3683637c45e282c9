import { shownUrls } from './clone-url.js'
import { droneBuildVariables, droneFailureVariables } from './drone/build-variables.js'
import { authorVariables, commitVariables } from './drone/commit-variables.js'
import { eventVariables } from './drone/event-variables.js'
import { repoVariables, systemVariables } from './drone/repo-variables.js'
import type { BuildEnvironmentInput } from './facts.js'
import { gitVariables } from './git-variables.js'
import { sandpiperVariables } from './sandpiper-variables.js'
import { stageVariables } from './stage-variables.js'
import { toEnvironment } from './value.js'
import { clashingVariables } from './woodpecker/clashing-variables.js'
import { woodpeckerVariables } from './woodpecker/woodpecker-variables.js'

export type { BuildEnvironmentInput, BuildFacts, PreviousBuild, SystemFacts } from './facts.js'

/**
 * The variables that every step of a build (or of a stage, when given) gets: those of Drone, of
 * Woodpecker, and ours, and the build's parameters, which can't replace any of those. Where Drone and
 * Woodpecker have one name for two things the dialect decides. What is not known, or empty, is not set,
 * as in both. Times are Unix seconds. Every name: VARIABLES in variables.ts.
 *
 * Credentials are not among them, whatever the others do (DRONE_NETRC_..., CI_NETRC_...): the checkout
 * alone has them.
 */
export function buildEnvironment(input: BuildEnvironmentInput): Record<string, string> {
  const { event, repo, build, stage, system } = input
  const urls = shownUrls(repo.cloneUrl)
  const dialect = stage?.dialect ?? input.dialect
  return {
    ...toEnvironment(event.params),
    ...toEnvironment(
      systemVariables(system),
      repoVariables(repo, urls),
      commitVariables(event),
      authorVariables(event),
      eventVariables(event),
      droneBuildVariables(build),
      droneFailureVariables(build),
      gitVariables(event, stage?.clone),
      ...woodpeckerVariables(input, urls),
      dialect === 'woodpecker' ? clashingVariables(input) : {},
      sandpiperVariables(input),
      stage === undefined ? {} : stageVariables(stage),
    ),
  }
}
