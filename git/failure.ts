import { SandpiperError } from '../protocol/errors.js'

/** Why a git process did not do what it was asked, read from what it printed under LC_ALL=C. */
export type FailureKind =
  /** The remote does not serve this id on its own; its branches may still have it. */
  | 'id-refused'
  /** The remote says that it has no such object. */
  | 'no-object'
  | 'no-ref'
  | 'no-shallow'
  | 'forbidden'
  | 'unreachable'
  | 'locked'
  | 'no-space'
  | 'timeout'
  | 'overflow'
  | 'git-missing'
  /** Anything else: a broken mirror is among it. */
  | 'other'

/** A git process that failed; `said` is bounded and holds no credentials. */
export class GitFailure extends Error {
  readonly kind: FailureKind
  readonly said: string

  constructor(kind: FailureKind, said: string) {
    super(`git: ${said}`)
    this.name = 'GitFailure'
    this.kind = kind
    this.said = said
  }
}

/** Messages of git 2.20 to 2.50, of curl and of ssh; the first that matches names the kind. */
const PATTERNS: readonly (readonly [FailureKind, RegExp])[] = [
  ['git-missing', /spawn git ENOENT/],
  ['no-space', /No space left on device|Disk quota exceeded/],
  ['locked', /\.lock': File exists|cannot lock ref .*File exists/],
  ['no-object', /not our ref/],
  ['id-refused', /does not allow request for unadvertised object/],
  ['no-ref', /couldn't find remote ref|Remote branch .* not found/],
  ['no-shallow', /dumb http transport does not support shallow|does not support shallow/],
  ['forbidden', /transport '[^']*' not allowed|strange (?:hostname|pathname).* blocked/],
  [
    'unreachable',
    new RegExp(
      [
        'Could not resolve host',
        'unable to look up',
        'unable to connect to',
        'Connection (?:refused|timed out|reset|closed)',
        'Network is unreachable',
        'No route to host',
        'unable to access',
        'Could not read from remote repository',
        'does not appear to be a git repository',
        'repository .* not found',
        'Repository not found',
        'repository not exported',
        'Authentication failed',
        'terminal prompts disabled',
        'could not read (?:Username|Password)',
        'Permission denied \\(',
        'Host key verification failed',
        'access denied or repository not exported',
        'dubious ownership',
        'early EOF',
        'RPC failed',
        'remote end hung up',
        'unexpected disconnect',
      ].join('|'),
    ),
  ],
]

/** The kind of failure behind git's words. */
export function classify(said: string): FailureKind {
  return PATTERNS.find(([, pattern]) => pattern.test(said))?.[0] ?? 'other'
}

/** True when fetching the ref may bring what fetching the bare id did not. */
export function mayTryRef(kind: FailureKind): boolean {
  return ['id-refused', 'no-object', 'no-ref', 'no-shallow'].includes(kind)
}

/** The error that people meet for a failed fetch from `remote`, a URL without credentials. */
export function fetchError(failure: GitFailure, remote: string, slug: string): SandpiperError {
  const where = `${slug} from ${remote}`
  const said = `git said: ${failure.said}`
  switch (failure.kind) {
    case 'forbidden':
      return new SandpiperError(
        'SP_GIT_REFUSED',
        `the transport for ${where} is not allowed; ${said}`,
        {
          hint: 'Add the repo with an https://, http://, ssh:// or git:// URL.',
          cause: failure,
        },
      )
    case 'unreachable':
      return new SandpiperError('SP_GIT_UNREACHABLE', `could not fetch ${where}; ${said}`, {
        hint: 'Check the clone URL, its credentials, and that this host can reach it.',
        cause: failure,
      })
    default:
      return commonError(failure, `could not fetch ${where}`)
  }
}

/** The error for any other git process that failed; `what` says what it was to do. */
export function commonError(failure: GitFailure, what: string): SandpiperError {
  const message = `${what}; git said: ${failure.said}`
  switch (failure.kind) {
    case 'git-missing':
      return new SandpiperError('SP_GIT_MISSING', `${what}: there is no git program`, {
        hint: 'Install it: apt install git',
        cause: failure,
      })
    case 'timeout':
      return new SandpiperError('SP_GIT_TIMEOUT', message, {
        hint: 'The remote is slow or silent; look at it, then restart the build.',
        cause: failure,
      })
    case 'no-space':
      return new SandpiperError('SP_GIT_FAILED', message, {
        hint: 'Make room on the disk that holds the data directory.',
        cause: failure,
      })
    default:
      return new SandpiperError('SP_GIT_FAILED', message, {
        hint: 'Run the same fetch by hand on this host to see more.',
        cause: failure,
      })
  }
}
