import { rows, type Variable } from './variable.js'

const PULL_REQUEST = 'pull requests'
const TAG = 'the ref is a tag'
const VERSION = 'the tag is a semantic version'
const CALENDAR = 'the tag is a calendar version'
const KNOWN = 'it is known'

const SYSTEM_AND_REPO = rows({ origin: 'drone', known: 'build' }, [
  ['CI', '`true`; for files of Woodpecker `woodpecker`.'],
  ['DRONE', '`true`.'],
  ['DRONE_SYSTEM_PROTO', 'Protocol of the server, `http` or `https`.', 'there is a server'],
  ['DRONE_SYSTEM_HOST', 'Host of the server, with its port.', 'there is a server'],
  ['DRONE_SYSTEM_HOSTNAME', 'Host of the server.', 'there is a server'],
  ['DRONE_SYSTEM_VERSION', 'Version of Sandpiper.'],
  ['DRONE_REPO', 'Owner and name of the repo, `owner/name`.'],
  ['DRONE_REPO_SCM', '`git`.'],
  ['DRONE_REPO_OWNER', 'Owner of the repo.'],
  ['DRONE_REPO_NAMESPACE', 'Owner of the repo.'],
  ['DRONE_REPO_NAME', 'Name of the repo, without its owner.'],
  ['DRONE_REPO_LINK', 'Web page of the repo.', KNOWN],
  ['DRONE_REPO_BRANCH', 'Default branch of the repo.', KNOWN],
  ['DRONE_REPO_VISIBILITY', '`public` or `private`.'],
  ['DRONE_REPO_PRIVATE', '`true` for a private repo, else `false`.'],
  ['DRONE_REMOTE_URL', 'URL that the repo is cloned from, without credentials.'],
  ['DRONE_GIT_HTTP_URL', 'The same.', 'it is an http(s) URL'],
  ['DRONE_GIT_SSH_URL', 'The same.', 'it is an ssh URL'],
])

const COMMIT = rows({ origin: 'drone', known: 'build' }, [
  ['DRONE_BRANCH', 'Branch that was pushed; target branch of a pull request.', KNOWN],
  ['DRONE_SOURCE_BRANCH', 'Branch that a pull request comes from; else the same.', KNOWN],
  ['DRONE_TARGET_BRANCH', 'The same as `DRONE_BRANCH`.', KNOWN],
  ['DRONE_COMMIT', 'Hash of the commit.'],
  ['DRONE_COMMIT_SHA', 'Hash of the commit.'],
  ['DRONE_COMMIT_AFTER', 'Hash of the commit.'],
  ['DRONE_COMMIT_BEFORE', 'Hash of the commit before the push.', KNOWN],
  ['DRONE_COMMIT_REF', 'Full ref, e.g. `refs/heads/main`.'],
  ['DRONE_COMMIT_BRANCH', 'The same as `DRONE_BRANCH`.', KNOWN],
  ['DRONE_COMMIT_LINK', 'Web page of the change.', KNOWN],
  ['DRONE_COMMIT_MESSAGE', 'Message of the commit.', KNOWN],
  ['DRONE_COMMIT_AUTHOR', 'Login of the author.', KNOWN],
  ['DRONE_COMMIT_AUTHOR_NAME', 'Name of the author.', KNOWN],
  ['DRONE_COMMIT_AUTHOR_EMAIL', 'Email address of the author.', KNOWN],
  ['DRONE_COMMIT_AUTHOR_AVATAR', 'Picture of the author.', KNOWN],
])

const BUILD = rows({ origin: 'drone', known: 'build' }, [
  ['DRONE_BUILD_NUMBER', 'Number of the build.'],
  ['DRONE_BUILD_PARENT', 'Number of the build that this one restarts; `0` for none.'],
  ['DRONE_BUILD_EVENT', 'What made the build happen, e.g. `push`.'],
  ['DRONE_BUILD_ACTION', 'What happened to it, e.g. `opened`.', KNOWN],
  ['DRONE_BUILD_STATUS', '`success`, or `failure` when something has failed.'],
  ['DRONE_BUILD_DEBUG', '`true` for a build to look into, else `false`.'],
  ['DRONE_BUILD_CREATED', 'When the build was made, in Unix seconds.'],
  ['DRONE_BUILD_STARTED', 'When it started, in Unix seconds.', 'it has started'],
  ['DRONE_BUILD_FINISHED', 'When it ended, or started, in Unix seconds.', 'it has started'],
  ['DRONE_BUILD_TRIGGER', '`@hook`, `@cron`, or the login of who started the build.', KNOWN],
  ['DRONE_BUILD_LINK', 'Web page of the build.', 'there is a server'],
  ['DRONE_DEPLOY_TO', 'Environment to deploy to.', 'promotions and rollbacks'],
  ['DRONE_DEPLOY_ID', 'Number of the deployment; `0` for none.'],
  ['DRONE_FAILED_STAGES', 'Names of the stages that have failed, with commas.', 'there are some'],
  ['DRONE_PULL_REQUEST', 'Number of the pull request.', PULL_REQUEST],
  ['DRONE_PULL_REQUEST_TITLE', 'Title of the pull request.', PULL_REQUEST],
])

const VERSIONS = rows({ origin: 'drone', known: 'build' }, [
  ['DRONE_TAG', 'Name of the tag.', TAG],
  ['DRONE_SEMVER', 'The tag as a semantic version, e.g. `1.2.3-rc.1`.', VERSION],
  ['DRONE_SEMVER_MAJOR', 'Its first number.', VERSION],
  ['DRONE_SEMVER_MINOR', 'Its second number.', VERSION],
  ['DRONE_SEMVER_PATCH', 'Its third number.', VERSION],
  ['DRONE_SEMVER_SHORT', 'Its three numbers, e.g. `1.2.3`.', VERSION],
  ['DRONE_SEMVER_PRERELEASE', 'What is after its `-`.', VERSION],
  ['DRONE_SEMVER_BUILD', 'What is after its `+`.', VERSION],
  ['DRONE_SEMVER_ERROR', 'Why the tag is no semantic version.', 'the tag is none'],
  ['DRONE_CALVER', 'The tag as a calendar version, e.g. `2024.1.0-beta`.', CALENDAR],
  ['DRONE_CALVER_MAJOR', 'Its first number.', CALENDAR],
  ['DRONE_CALVER_MINOR', 'Its second number.', CALENDAR],
  ['DRONE_CALVER_MICRO', 'Its third number.', CALENDAR],
  ['DRONE_CALVER_MAJOR_MINOR', 'Its first two numbers.', CALENDAR],
  ['DRONE_CALVER_MODIFIER', 'What is after its `-`.', CALENDAR],
  ['DRONE_CALVER_SHORT', 'Its numbers, e.g. `2024.1.0`.', CALENDAR],
])

const STAGE = rows({ origin: 'drone', known: 'build', prefix: 'DRONE_STAGE_' }, [
  ['KIND', '`pipeline`.'],
  ['TYPE', 'Type of the pipeline, e.g. `docker`.'],
  ['NAME', 'Name of the pipeline.'],
  ['OS', 'Operating system of the pipeline, e.g. `linux`.'],
  ['ARCH', 'Architecture of the pipeline, e.g. `amd64`.'],
  ['VARIANT', 'Variant of the architecture, e.g. `v7`.', 'the pipeline names one'],
  ['VERSION', 'Version of the operating system.', 'the pipeline names one'],
  ['DEPENDS_ON', 'Names of the pipelines that end before, with commas.', 'there are some'],
])

const AT_RUN_TIME = rows({ origin: 'drone', known: 'step', prefix: 'DRONE_' }, [
  ['STAGE_NUMBER', 'Number of the stage in the build.'],
  ['STAGE_MACHINE', 'Name of the machine that runs the stage.'],
  ['STAGE_STATUS', '`success`, or `failure` when a step of the stage has failed.'],
  ['STAGE_STARTED', 'When the stage started, in Unix seconds.'],
  ['STAGE_FINISHED', 'The same.'],
  ['FAILED_STEPS', 'Names of the steps that have failed, with commas.', 'there are some'],
  ['STEP_NAME', 'Name of the step.'],
  ['STEP_NUMBER', 'Number of the step in the stage.'],
  ['CARD_PATH', '`/dev/null`: what plugins write there is thrown away.'],
  ['WORKSPACE', 'Path of the workspace.'],
  ['WORKSPACE_BASE', 'Its `base`.'],
  ['WORKSPACE_PATH', 'Its `path` below the base.', 'the pipeline names one'],
])

const OLD = rows({ origin: 'drone-0.8', known: 'build', prefix: 'CI_' }, [
  ['REPO', 'See `DRONE_REPO`.'],
  ['REPO_NAME', 'See `DRONE_REPO`; for files of Woodpecker the name without its owner.'],
  ['REPO_LINK', 'See `DRONE_REPO_LINK`.', KNOWN],
  ['REPO_REMOTE', 'See `DRONE_REMOTE_URL`.'],
  ['REPO_PRIVATE', 'See `DRONE_REPO_PRIVATE`.'],
  ['REMOTE_URL', 'See `DRONE_REMOTE_URL`.'],
  ['COMMIT_SHA', 'See `DRONE_COMMIT`.'],
  ['COMMIT_REF', 'See `DRONE_COMMIT_REF`.'],
  ['COMMIT_BRANCH', 'See `DRONE_BRANCH`.', KNOWN],
  ['COMMIT_MESSAGE', 'See `DRONE_COMMIT_MESSAGE`.', KNOWN],
  ['COMMIT_AUTHOR', 'Login of the author; for files of Woodpecker the name.', KNOWN],
  ['COMMIT_AUTHOR_NAME', 'See `DRONE_COMMIT_AUTHOR_NAME`.', KNOWN],
  ['COMMIT_AUTHOR_EMAIL', 'See `DRONE_COMMIT_AUTHOR_EMAIL`.', KNOWN],
  ['COMMIT_AUTHOR_AVATAR', 'See `DRONE_COMMIT_AUTHOR_AVATAR`.', KNOWN],
  ['BUILD_NUMBER', 'See `DRONE_BUILD_NUMBER`.'],
  ['PARENT_BUILD_NUMBER', 'See `DRONE_BUILD_PARENT`.'],
  ['BUILD_CREATED', 'See `DRONE_BUILD_CREATED`.'],
  ['BUILD_STARTED', 'See `DRONE_BUILD_STARTED`.', 'it has started'],
  ['BUILD_FINISHED', 'See `DRONE_BUILD_FINISHED`.', 'it has started'],
  ['BUILD_STATUS', 'See `DRONE_BUILD_STATUS`.'],
  ['BUILD_EVENT', 'See `DRONE_BUILD_EVENT`.'],
  ['BUILD_LINK', 'See `DRONE_BUILD_LINK`.', 'there is a server'],
  ['BUILD_TARGET', 'See `DRONE_DEPLOY_TO`.', 'promotions and rollbacks'],
])

/** Drone's variables, those of Drone 0.8 that Drone still sets among them. */
export const DRONE_NAMES: readonly Variable[] = [
  ...SYSTEM_AND_REPO,
  ...COMMIT,
  ...BUILD,
  ...VERSIONS,
  ...STAGE,
  ...AT_RUN_TIME,
  ...OLD,
]
