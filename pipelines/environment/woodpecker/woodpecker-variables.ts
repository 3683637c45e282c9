import type { RepoFacts } from '../../event.js'
import type { ShownUrls } from '../clone-url.js'
import type { BuildEnvironmentInput, SystemFacts } from '../facts.js'
import { pullRequestOf } from '../refs.js'
import type { Variables } from '../value.js'
import { commitExtras, commitPart } from './commit-variables.js'
import { pipelineVariables, prefixed, previousVariables } from './pipeline-variables.js'

/** Woodpecker's variables, but for the names that mean something else in Drone. */
export function woodpeckerVariables(
  input: BuildEnvironmentInput,
  urls: ShownUrls,
): readonly Variables[] {
  const { event, repo, build, system } = input
  const { AUTHOR: _author, ...commit } = commitPart(event)
  return [
    systemVariables(system),
    repoVariables(repo, urls),
    prefixed('CI_COMMIT_', commit),
    commitExtras(event),
    pipelineVariables(event, build),
    previousVariables(build.previous),
    // plugins/manifest fails on an empty number, so Woodpecker gives it a zero.
    { PULLREQUEST_DRONE_PULL_REQUEST: pullRequestOf(event.ref) ?? '0' },
  ]
}

function systemVariables({ link, version }: SystemFacts): Variables {
  return {
    CI_SYSTEM_NAME: 'sandpiper',
    CI_SYSTEM_URL: link,
    CI_SYSTEM_HOST: URL.canParse(link) ? new URL(link).host : undefined,
    CI_SYSTEM_VERSION: version,
  }
}

function repoVariables(repo: RepoFacts, urls: ShownUrls): Variables {
  return {
    CI_FORGE_TYPE: repo.forge,
    CI_FORGE_URL: URL.canParse(repo.link) ? new URL(repo.link).origin : undefined,
    CI_REPO_OWNER: repo.owner,
    CI_REPO_REMOTE_ID: repo.remoteId,
    CI_REPO_URL: repo.link,
    CI_REPO_CLONE_URL: urls.remote,
    CI_REPO_CLONE_SSH_URL: urls.ssh,
    CI_REPO_DEFAULT_BRANCH: repo.defaultBranch,
    // What a repo may do is each runner's to say, so no repo is trusted by itself.
    CI_REPO_TRUSTED: 'false',
    CI_REPO_TRUSTED_NETWORK: 'false',
    CI_REPO_TRUSTED_VOLUMES: 'false',
    CI_REPO_TRUSTED_SECURITY: 'false',
  }
}
