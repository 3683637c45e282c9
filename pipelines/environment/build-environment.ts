import type { BuildEvent, RepoFacts } from '../event.js'
import { type ShownUrls, shownUrls } from './clone-url.js'
import { type StageFacts, stageVariables } from './stage-variables.js'
import { calverVariables, semverVariables } from './tag-versions.js'
import { toEnvironment, unlessEmpty, type Variables } from './value.js'

/** A build, as its steps see it. */
export interface BuildFacts {
  readonly number: number
  /** Number of the build that this one restarts; 0 for none. */
  readonly parent: number
  /** Unix time in milliseconds. */
  readonly created: number
  /** Unix time in milliseconds. */
  readonly started?: number
  /** Web page of the build, or empty. */
  readonly link: string
}

/** The Sandpiper that runs the build. */
export interface SystemFacts {
  /** Address of the server for people, e.g. `https://ci.example.com`; empty when there is no server. */
  readonly link: string
  readonly version: string
}

export interface BuildEnvironmentInput {
  readonly event: BuildEvent
  readonly repo: RepoFacts
  readonly build: BuildFacts
  readonly stage?: StageFacts
  readonly system: SystemFacts
}

/**
 * The variables that every step of a build (or of a stage, when given) gets: `CI`, `DRONE_*`, Drone's
 * legacy `CI_*`, `SANDPIPER_*`, and the build's parameters, which can't replace any of those. What is
 * not known is not set. Times are Unix seconds, as in Drone. Names: Drone's variable reference.
 */
export function buildEnvironment(input: BuildEnvironmentInput): Record<string, string> {
  const { event, repo, build, stage, system } = input
  const urls = shownUrls(repo.cloneUrl)
  return {
    ...toEnvironment(event.params),
    ...toEnvironment({
      ...systemVariables(system),
      ...repoVariables(repo, urls),
      ...commitVariables(event),
      ...authorVariables(event),
      ...eventVariables(event),
      ...buildVariables(event, build),
      ...sandpiperVariables(input),
      ...(stage === undefined ? {} : stageVariables(stage)),
    }),
  }
}

function systemVariables({ link, version }: SystemFacts): Variables {
  const url = URL.canParse(link) ? new URL(link) : undefined
  return {
    CI: 'true',
    DRONE: 'true',
    DRONE_SYSTEM_PROTO: url?.protocol.replace(':', ''),
    DRONE_SYSTEM_HOST: url?.host,
    DRONE_SYSTEM_HOSTNAME: url?.hostname,
    DRONE_SYSTEM_VERSION: version,
  }
}

function repoVariables(repo: RepoFacts, urls: ShownUrls): Variables {
  const isPrivate = String(repo.private)
  return {
    DRONE_REPO: repo.slug,
    DRONE_REPO_SCM: 'git',
    DRONE_REPO_OWNER: repo.owner,
    DRONE_REPO_NAMESPACE: repo.owner,
    DRONE_REPO_NAME: repo.name,
    DRONE_REPO_LINK: unlessEmpty(repo.link),
    DRONE_REPO_BRANCH: unlessEmpty(repo.defaultBranch),
    DRONE_REPO_VISIBILITY: repo.private ? 'private' : 'public',
    DRONE_REPO_PRIVATE: isPrivate,
    DRONE_REMOTE_URL: urls.remote,
    DRONE_GIT_HTTP_URL: urls.http,
    DRONE_GIT_SSH_URL: urls.ssh,
    CI_REPO: repo.slug,
    CI_REPO_NAME: repo.slug,
    CI_REPO_LINK: unlessEmpty(repo.link),
    CI_REPO_REMOTE: urls.remote,
    CI_REPO_PRIVATE: isPrivate,
    CI_REMOTE_URL: urls.remote,
  }
}

function commitVariables(event: BuildEvent): Variables {
  const before = unlessEmpty(event.before)
  return {
    DRONE_BRANCH: event.branch,
    DRONE_SOURCE_BRANCH: event.sourceBranch,
    DRONE_TARGET_BRANCH: event.branch,
    DRONE_COMMIT: event.after,
    DRONE_COMMIT_SHA: event.after,
    DRONE_COMMIT_AFTER: event.after,
    DRONE_COMMIT_BEFORE: before,
    DRONE_COMMIT_REF: event.ref,
    DRONE_COMMIT_BRANCH: event.branch,
    DRONE_COMMIT_LINK: unlessEmpty(event.link),
    DRONE_COMMIT_MESSAGE: event.message,
    CI_COMMIT_SHA: event.after,
    CI_COMMIT_REF: event.ref,
    CI_COMMIT_BRANCH: event.branch,
    CI_COMMIT_MESSAGE: event.message,
  }
}

function authorVariables({ author }: BuildEvent): Variables {
  const login = unlessEmpty(author.login)
  const name = unlessEmpty(author.name)
  const email = unlessEmpty(author.email)
  const avatar = unlessEmpty(author.avatar)
  return {
    DRONE_COMMIT_AUTHOR: login,
    DRONE_COMMIT_AUTHOR_NAME: name,
    DRONE_COMMIT_AUTHOR_EMAIL: email,
    DRONE_COMMIT_AUTHOR_AVATAR: avatar,
    CI_COMMIT_AUTHOR: login,
    CI_COMMIT_AUTHOR_NAME: name,
    CI_COMMIT_AUTHOR_EMAIL: email,
    CI_COMMIT_AUTHOR_AVATAR: avatar,
  }
}

function eventVariables(event: BuildEvent): Variables {
  const tag = /^refs\/tags\/(.+)$/s.exec(event.ref)?.[1]
  const pullRequest = PULL_REQUEST_REF.exec(event.ref)?.[1]
  return {
    DRONE_BUILD_EVENT: event.event,
    DRONE_BUILD_ACTION: unlessEmpty(event.action),
    DRONE_DEPLOY_TO: unlessEmpty(event.deployTo),
    DRONE_PULL_REQUEST: pullRequest,
    DRONE_PULL_REQUEST_TITLE: event.event === 'pull_request' ? event.title : undefined,
    CI_BUILD_EVENT: event.event,
    CI_BUILD_TARGET: unlessEmpty(event.deployTo),
    ...(tag === undefined
      ? {}
      : { DRONE_TAG: tag, ...semverVariables(tag), ...calverVariables(tag) }),
  }
}

/** GitHub and Gitea, GitLab, Bitbucket Server. */
const PULL_REQUEST_REF = /^refs\/(?:pull|merge-requests|pull-requests)\/(\d+)\//

function buildVariables(event: BuildEvent, build: BuildFacts): Variables {
  const created = seconds(build.created)
  const started = build.started === undefined ? undefined : seconds(build.started)
  const parent = build.parent === 0 ? undefined : String(build.parent)
  return {
    DRONE_BUILD_NUMBER: String(build.number),
    DRONE_BUILD_PARENT: parent,
    DRONE_BUILD_CREATED: created,
    DRONE_BUILD_STARTED: started,
    DRONE_BUILD_STATUS: 'success',
    DRONE_BUILD_LINK: unlessEmpty(build.link),
    DRONE_BUILD_TRIGGER: unlessEmpty(event.sender),
    CI_BUILD_NUMBER: String(build.number),
    CI_BUILD_CREATED: created,
    CI_BUILD_STARTED: started,
    CI_BUILD_STATUS: 'success',
    CI_BUILD_LINK: unlessEmpty(build.link),
    CI_PARENT_BUILD_NUMBER: parent,
  }
}

function sandpiperVariables({ event, repo, build, system }: BuildEnvironmentInput): Variables {
  return {
    SANDPIPER: 'true',
    SANDPIPER_VERSION: system.version,
    SANDPIPER_REPO: repo.slug,
    SANDPIPER_BUILD_NUMBER: String(build.number),
    SANDPIPER_BUILD_LINK: unlessEmpty(build.link),
    SANDPIPER_EVENT: event.event,
    SANDPIPER_REF: event.ref,
    SANDPIPER_BRANCH: event.branch,
    SANDPIPER_COMMIT: event.after,
  }
}

function seconds(milliseconds: number): string {
  return String(Math.floor(milliseconds / 1000))
}
