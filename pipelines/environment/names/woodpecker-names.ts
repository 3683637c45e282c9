import { rows, type Variable } from './variable.js'

const KNOWN = 'it is known'
const PULL_REQUEST = 'pull requests'
const RELEASE = 'releases'
const DEPLOYMENT = 'promotions and rollbacks'

const SYSTEM_AND_REPO = rows({ origin: 'woodpecker', known: 'build', prefix: 'CI_' }, [
  ['SYSTEM_NAME', '`sandpiper`.'],
  ['SYSTEM_URL', 'Address of the server.', 'there is a server'],
  ['SYSTEM_HOST', 'Host of the server, with its port.', 'there is a server'],
  ['SYSTEM_VERSION', 'Version of Sandpiper.'],
  ['SYSTEM_PLATFORM', 'Platform of the pipeline, e.g. `linux/amd64`.'],
  ['FORGE_TYPE', 'Kind of the forge, e.g. `github`.', KNOWN],
  ['FORGE_URL', 'Address of the forge.', KNOWN],
  ['REPO_OWNER', 'Owner of the repo.'],
  ['REPO_REMOTE_ID', "The forge's own id of the repo.", KNOWN],
  ['REPO_URL', 'Web page of the repo.', KNOWN],
  ['REPO_CLONE_URL', 'URL that the repo is cloned from, without credentials.'],
  ['REPO_CLONE_SSH_URL', 'The same.', 'it is an ssh URL'],
  ['REPO_DEFAULT_BRANCH', 'Default branch of the repo.', KNOWN],
  ['REPO_TRUSTED', '`false`: what a repo may do is for each runner to say.'],
  ['REPO_TRUSTED_NETWORK', 'The same.'],
  ['REPO_TRUSTED_VOLUMES', 'The same.'],
  ['REPO_TRUSTED_SECURITY', 'The same.'],
])

const PIPELINE = rows({ origin: 'woodpecker', known: 'build', prefix: 'CI_PIPELINE_' }, [
  ['NUMBER', 'Number of the build.'],
  ['PARENT', 'Number of the build that this one restarts; `0` for none.'],
  ['EVENT', 'What made the build happen, in words of Woodpecker: `manual`, `deployment`, ...'],
  ['EVENT_REASON', 'What happened to the pull request.', 'one was closed or edited'],
  ['URL', 'Web page of the build.', 'there is a server'],
  ['FORGE_URL', 'Web page of the change.', KNOWN],
  ['DEPLOY_TARGET', 'Environment to deploy to.', DEPLOYMENT],
  ['DEPLOY_TASK', 'What is to be done there.', DEPLOYMENT],
  ['CREATED', 'When the build was made, in Unix seconds.'],
  ['STARTED', 'When it started, in Unix seconds.', 'it has started'],
  ['STATUS', '`success`, or `failure` when something has failed.'],
  ['AUTHOR', 'Login of who made the build happen.', KNOWN],
  ['AVATAR', 'Picture of the author.', KNOWN],
  ['RERUNS', 'How often the build was restarted.', 'it was'],
  ['FILES', 'Paths of the changed files as JSON.', 'they are known, and at most 500'],
  ['RELEASE_TITLE', 'Title of the release.', RELEASE],
  ['RELEASE_PRE', '`true` for a release before the real one, else `false`.', RELEASE],
])

const COMMIT = rows({ origin: 'woodpecker', known: 'build', prefix: 'CI_COMMIT_' }, [
  ['REFSPEC', 'Source and target branch, `source:target`.', PULL_REQUEST],
  ['SOURCE_BRANCH', 'Branch that the pull request comes from.', PULL_REQUEST],
  ['TARGET_BRANCH', 'Branch that the pull request goes to.', PULL_REQUEST],
  ['TAG', 'Name of the tag.', 'the ref is a tag'],
  ['TIMESTAMP', 'When the commit was made, in Unix seconds.', KNOWN],
  ['PRERELEASE', 'See `CI_PIPELINE_RELEASE_PRE`.', RELEASE],
  ['PULL_REQUEST', 'Number of the pull request.', PULL_REQUEST],
  ['PULL_REQUEST_LABELS', 'Its labels, with commas.', 'it has some'],
  ['PULL_REQUEST_MILESTONE', 'Its milestone.', 'it has one'],
  ['PULL_REQUEST_DRAFT', '`true` for a draft, else `false`.', PULL_REQUEST],
])

const BEFORE = 'there is a build before'

const PREVIOUS = rows({ origin: 'woodpecker', known: 'build', prefix: 'CI_PREV_' }, [
  ['PIPELINE_NUMBER', 'Number of the build before this one.', BEFORE],
  ['PIPELINE_PARENT', 'Number of the build that it restarts; `0` for none.', BEFORE],
  ['PIPELINE_EVENT', 'See `CI_PIPELINE_EVENT`.', BEFORE],
  ['PIPELINE_EVENT_REASON', 'See `CI_PIPELINE_EVENT_REASON`.', BEFORE],
  ['PIPELINE_URL', 'Web page of that build.', BEFORE],
  ['PIPELINE_FORGE_URL', 'Web page of its change.', BEFORE],
  ['PIPELINE_DEPLOY_TARGET', 'See `CI_PIPELINE_DEPLOY_TARGET`.', BEFORE],
  ['PIPELINE_DEPLOY_TASK', 'See `CI_PIPELINE_DEPLOY_TASK`.', BEFORE],
  ['PIPELINE_STATUS', 'How it ended, e.g. `success`.', BEFORE],
  ['PIPELINE_CREATED', 'When it was made, in Unix seconds.', BEFORE],
  ['PIPELINE_STARTED', 'When it started, in Unix seconds.', BEFORE],
  ['PIPELINE_FINISHED', 'When it ended, in Unix seconds.', BEFORE],
  ['PIPELINE_AUTHOR', 'See `CI_PIPELINE_AUTHOR`.', BEFORE],
  ['PIPELINE_AVATAR', 'See `CI_PIPELINE_AVATAR`.', BEFORE],
  ['COMMIT_URL', 'Web page of its change.', BEFORE],
  ['COMMIT_SHA', 'Hash of its commit.', BEFORE],
  ['COMMIT_REF', 'See `DRONE_COMMIT_REF`.', BEFORE],
  ['COMMIT_REFSPEC', 'See `CI_COMMIT_REFSPEC`.', BEFORE],
  ['COMMIT_MESSAGE', 'Message of its commit.', BEFORE],
  ['COMMIT_BRANCH', 'See `DRONE_BRANCH`.', BEFORE],
  ['COMMIT_SOURCE_BRANCH', 'See `CI_COMMIT_SOURCE_BRANCH`.', BEFORE],
  ['COMMIT_TARGET_BRANCH', 'See `CI_COMMIT_TARGET_BRANCH`.', BEFORE],
  ['COMMIT_TIMESTAMP', 'When its commit was made, in Unix seconds.', BEFORE],
  ['COMMIT_AUTHOR', 'Name of the author.', BEFORE],
  ['COMMIT_AUTHOR_EMAIL', 'Email address of the author.', BEFORE],
  ['COMMIT_AUTHOR_AVATAR', 'Picture of the author.', BEFORE],
])

const AT_RUN_TIME = rows({ origin: 'woodpecker', known: 'step', prefix: 'CI_' }, [
  ['MACHINE', 'Name of the machine that runs the pipeline.'],
  ['WORKSPACE', 'Path of the workspace.'],
  ['WORKFLOW_NUMBER', 'Number of the pipeline in the build.'],
  ['STEP_NAME', 'Name of the step.'],
  ['STEP_NUMBER', 'Number of the step in the pipeline.'],
  ['STEP_URL', 'Web page of the step.', 'there is one'],
  ['STEP_STARTED', 'When the step started, in Unix seconds.', KNOWN],
  ['STEP_TYPE', '`commands`, `plugin` or `service`.', KNOWN],
])

/** Woodpecker's variables that Drone has no name like. */
export const WOODPECKER_NAMES: readonly Variable[] = [
  ...SYSTEM_AND_REPO,
  ...PIPELINE,
  ...COMMIT,
  ...rows({ origin: 'woodpecker', known: 'build' }, [
    ['CI_WORKFLOW_NAME', 'Name of the pipeline.'],
    ['PULLREQUEST_DRONE_PULL_REQUEST', 'Number of the pull request; `0` for none.'],
  ]),
  ...AT_RUN_TIME,
  ...PREVIOUS,
]
