/**
 * What `.build` and `.repo` have in Drone's templates, as the variables that hold it. A template gets
 * `${NAME}` in its place, so that what strangers wrote is kept out of shell commands there too.
 */
const BUILD: Readonly<Record<string, string>> = {
  action: 'DRONE_BUILD_ACTION',
  after: 'DRONE_COMMIT_AFTER',
  author_avatar: 'DRONE_COMMIT_AUTHOR_AVATAR',
  author_email: 'DRONE_COMMIT_AUTHOR_EMAIL',
  author_login: 'DRONE_COMMIT_AUTHOR',
  author_name: 'DRONE_COMMIT_AUTHOR_NAME',
  before: 'DRONE_COMMIT_BEFORE',
  branch: 'DRONE_BRANCH',
  commit: 'DRONE_COMMIT_SHA',
  environment: 'DRONE_DEPLOY_TO',
  deploy_to: 'DRONE_DEPLOY_TO',
  event: 'DRONE_BUILD_EVENT',
  link: 'DRONE_COMMIT_LINK',
  message: 'DRONE_COMMIT_MESSAGE',
  number: 'DRONE_BUILD_NUMBER',
  ref: 'DRONE_COMMIT_REF',
  source: 'DRONE_SOURCE_BRANCH',
  target: 'DRONE_TARGET_BRANCH',
  title: 'DRONE_PULL_REQUEST_TITLE',
}

const REPO: Readonly<Record<string, string>> = {
  branch: 'DRONE_REPO_BRANCH',
  git_http_url: 'DRONE_GIT_HTTP_URL',
  git_ssh_url: 'DRONE_GIT_SSH_URL',
  link: 'DRONE_REPO_LINK',
  name: 'DRONE_REPO_NAME',
  namespace: 'DRONE_REPO_NAMESPACE',
  private: 'DRONE_REPO_PRIVATE',
  slug: 'DRONE_REPO',
  visibility: 'DRONE_REPO_VISIBILITY',
}

/** The variable of `.build.x` or `.repo.x`; undefined when there is none. */
export function eventVariable(expression: string): string | undefined {
  const [, scope = '', name = ''] = /^\.(build|repo)\.(\w+)$/.exec(expression) ?? []
  const names = { build: BUILD, repo: REPO }[scope]
  return names !== undefined && Object.hasOwn(names, name) ? names[name] : undefined
}
