import type { BuildEnvironmentInput } from './facts.js'
import type { Variables } from './value.js'

/** Sandpiper's own names. */
export function sandpiperVariables(input: BuildEnvironmentInput): Variables {
  const { event, repo, build, system } = input
  return {
    SANDPIPER: 'true',
    SANDPIPER_VERSION: system.version,
    SANDPIPER_REPO: repo.slug,
    SANDPIPER_BUILD_NUMBER: String(build.number),
    SANDPIPER_BUILD_LINK: build.link,
    SANDPIPER_EVENT: event.event,
    SANDPIPER_REF: event.ref,
    SANDPIPER_BRANCH: event.branch,
    SANDPIPER_COMMIT: event.after,
  }
}
