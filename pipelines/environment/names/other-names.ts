import { rows, type Variable } from './variable.js'

const CREDENTIALS = 'never: the checkout alone has credentials'
const NO_DOCKER = 'never: there is no Docker'
const NO_SHELL = 'never: steps are not opened to the outside'
const PROXY = 'never: put it into `environment`'
const SCRIPT = 'never: the script is a file'
const IMAGE = 'never: the image decides'

/** What git reads, and our own. */
export const OWN_NAMES: readonly Variable[] = [
  ...rows({ origin: 'git', known: 'build' }, [
    ['GIT_AUTHOR_NAME', 'Name of the author of the commit that is built.'],
    ['GIT_AUTHOR_EMAIL', 'Email address of that author.'],
    ['GIT_COMMITTER_NAME', 'Name of that author.'],
    ['GIT_COMMITTER_EMAIL', 'Email address of that author.'],
    ['GIT_TERMINAL_PROMPT', '`0`: git asks for nothing.'],
  ]),
  ...rows({ origin: 'git', known: 'step' }, [
    ['GIT_TRACE', '`true`: git tells what it does.', '`clone.trace` is set'],
    ['GIT_SSL_NO_VERIFY', '`true`: certificates are not checked.', '`clone.skip_verify` is set'],
  ]),
  ...rows({ origin: 'sandpiper', known: 'build', prefix: 'SANDPIPER' }, [
    ['', '`true`.'],
    ['_VERSION', 'Version of Sandpiper.'],
    ['_REPO', 'Owner and name of the repo, `owner/name`.'],
    ['_BUILD_NUMBER', 'Number of the build.'],
    ['_BUILD_LINK', 'Web page of the build.', 'there is a server'],
    ['_EVENT', 'What made the build happen, e.g. `push`.'],
    ['_REF', 'Full ref, e.g. `refs/heads/main`.'],
    ['_BRANCH', 'Branch that was pushed; target branch of a pull request.', 'it is known'],
    ['_COMMIT', 'Hash of the commit.'],
    ['_STAGE', 'Name of the pipeline.'],
  ]),
  ...rows({ origin: 'sandpiper', known: 'step', prefix: 'SANDPIPER_' }, [
    ['STEP', 'Name of the step.'],
    ['WORKSPACE', 'Path of the workspace.'],
    ['OUTPUT', 'File that takes `KEY=VALUE` lines for later steps.'],
  ]),
]

/** What Drone and Woodpecker set and Sandpiper does not, with the reason. */
export const ABSENT_NAMES: readonly Variable[] = [
  ...rows({ origin: 'drone', known: 'never', prefix: 'DRONE_' }, [
    ['NETRC_MACHINE', 'Host of the credentials of the clone.', CREDENTIALS],
    ['NETRC_USERNAME', 'Their user.', CREDENTIALS],
    ['NETRC_PASSWORD', 'Their password.', CREDENTIALS],
    ['NETRC_FILE', 'All of them.', CREDENTIALS],
    ['DOCKER_NETWORK_ID', 'Network of the stage.', NO_DOCKER],
    ['DOCKER_VOLUME_ID', 'Volume of the workspace.', NO_DOCKER],
    ['DOCKER_VOLUME_PATH', 'Path of that volume.', NO_DOCKER],
    ['TMATE_HOST', 'Server for shells into steps.', NO_SHELL],
    ['TMATE_PORT', 'Its port.', NO_SHELL],
    ['TMATE_FINGERPRINT_RSA', 'Its key.', NO_SHELL],
    ['TMATE_FINGERPRINT_ED25519', 'Its key.', NO_SHELL],
    ['TMATE_AUTHORIZED_KEYS', 'Who may use it.', NO_SHELL],
    ['SCRIPT', 'The commands.', SCRIPT],
    ['HOME', 'Directory of the user.', IMAGE],
  ]),
  ...rows({ origin: 'drone', known: 'never' }, [
    ['http_proxy', "The runner's proxy.", PROXY],
    ['https_proxy', "The runner's proxy.", PROXY],
    ['no_proxy', "The runner's proxy.", PROXY],
    ['all_proxy', "The runner's proxy.", PROXY],
    ['HTTP_PROXY', "The runner's proxy.", PROXY],
    ['HTTPS_PROXY', "The runner's proxy.", PROXY],
    ['NO_PROXY', "The runner's proxy.", PROXY],
    ['ALL_PROXY', "The runner's proxy.", PROXY],
  ]),
  ...rows({ origin: 'woodpecker', known: 'never', prefix: 'CI_' }, [
    ['NETRC_MACHINE', 'Host of the credentials of the clone.', CREDENTIALS],
    ['NETRC_USERNAME', 'Their user.', CREDENTIALS],
    ['NETRC_PASSWORD', 'Their password.', CREDENTIALS],
    ['SCRIPT', 'The commands.', SCRIPT],
  ]),
]
