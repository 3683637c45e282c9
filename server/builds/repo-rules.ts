import { parseDestination } from '../../pipelines/egress/destination.js'
import { repoInvalid } from '../errors.js'

const NAME = /^[A-Za-z0-9._-]{1,100}$/
const NAME_HINT = 'Use 1 to 100 letters, digits, dots, dashes and underscores.'
const URL_MAX = 2_000
const URL_HINT =
  'Use an https://, http://, ssh:// or git:// URL, user@host:path, or an absolute path.'
const CREDENTIAL_HINT =
  'Credentials in an address would be stored and passed on in clear. Use SSH with a key instead.'
/** `user@host:path`, where the path does not start with a slash pair or a dash. */
const SCP_LIKE =
  /^[A-Za-z0-9_][\w.+-]*@(?:[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9a-fA-F:]+\]):(?!:|-|\/\/)\S+$/
const REMOTE_PROTOCOLS: ReadonlySet<string> = new Set(['https:', 'http:', 'ssh:', 'git:'])

/**
 * Checks the name of an owner or a repo, which become parts of URLs.
 * @throws SandpiperError SP_REPO_INVALID
 */
export function checkRepoName(what: 'owner' | 'name', value: string): void {
  const isDots = value === '.' || value === '..'
  if (!NAME.test(value) || isDots) throw repoInvalid(what, value, NAME_HINT)
}

/**
 * Checks a clone URL and tells whether it is a local one, which alone may use git's `file` transport.
 * Everything else that git would take, `ext::` above all, is refused.
 * @throws SandpiperError SP_REPO_INVALID
 */
export function isLocalCloneUrl(url: string): boolean {
  const isText = !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(url) && url.length <= URL_MAX
  if (!isText || url.startsWith('-')) throw repoInvalid('clone URL', url, URL_HINT)
  if (url.startsWith('/')) return true
  if (url.startsWith('file:///')) return true
  if (!SCP_LIKE.test(url)) checkRemoteUrl(url)
  return false
}

function checkRemoteUrl(url: string): void {
  const parsed = URL.canParse(url) ? new URL(url) : null
  const isRemote = parsed !== null && REMOTE_PROTOCOLS.has(parsed.protocol)
  // The parser lets blanks and backslashes pass that git reads in its own way.
  const isPlain = /^[a-zA-Z]+:\/\/[^\s\\]+$/.test(url)
  if (!isRemote || !isPlain || !/^[A-Za-z0-9[]/.test(parsed.host)) {
    throw repoInvalid('clone URL', url, URL_HINT)
  }
  const hasUser = parsed.protocol !== 'ssh:' && parsed.username !== ''
  if (hasUser || parsed.password !== '') {
    throw repoInvalid('clone URL', withoutCredentials(parsed), CREDENTIAL_HINT)
  }
  if (parsed.username.startsWith('-') || decodesToDash(parsed.username)) {
    throw repoInvalid('clone URL', url, URL_HINT)
  }
}

function decodesToDash(user: string): boolean {
  return /^%2d/i.test(user)
}

function withoutCredentials(url: URL): string {
  return `${url.protocol}//***@${url.host}${url.pathname}`
}

const REF_NAME = /^[^\p{Cc}\s~^:?*[\\]{1,200}$/u

/**
 * Checks the name of a default branch (git-check-ref-format(1), without its rarer rules).
 * @throws SandpiperError SP_REPO_INVALID
 */
export function checkBranchName(value: string): void {
  if (!isRefName(value)) {
    throw repoInvalid('default branch', value, 'Give the name of a branch, such as `main`.')
  }
}

/** Whether a branch or a tag can have the name. */
export function isRefName(value: string): boolean {
  const isBad = value.startsWith('-') || value.includes('..') || value.endsWith('/')
  return !isBad && REF_NAME.test(value)
}

/**
 * Checks the address of a repo's web page, which pages link to.
 * @throws SandpiperError SP_REPO_INVALID
 */
export function checkRepoLink(value: string): void {
  if (value === '') return
  const isWeb = URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)
  if (!isWeb || value.length > URL_MAX) {
    throw repoInvalid('link', value, 'Give an http:// or https:// URL, or none.')
  }
}

/**
 * Checks a hook secret that was given.
 * @throws SandpiperError SP_REPO_INVALID, without the secret
 */
export function checkHookSecret(value: string): void {
  if (value.length >= 8 && value.length <= 1_000 && !/\p{Cc}/u.test(value)) return
  throw repoInvalid('secret', '***', 'Use 8 to 1000 characters, without control characters.')
}

/**
 * Checks what the steps of a repo may reach.
 * @throws SandpiperError SP_REPO_INVALID
 */
export function checkNetworkAllow(list: readonly string[]): void {
  for (const one of list) {
    const parsed = parseDestination(one)
    if (typeof parsed === 'string') throw repoInvalid('allowed destination', one, `It ${parsed}.`)
  }
}
