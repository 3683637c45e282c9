import type { BuildEnvironmentInput } from '../facts.js'
import type { Variables } from '../value.js'
import { commitPart } from './commit-variables.js'

/** The names that mean one thing in Drone and another one in Woodpecker, as the latter has them. */
export function clashingVariables({ event, repo }: BuildEnvironmentInput): Variables {
  return {
    CI: 'woodpecker',
    CI_REPO_NAME: repo.name,
    CI_COMMIT_AUTHOR: commitPart(event)['AUTHOR'],
  }
}
