import { SandpiperError } from '../protocol/errors.js'
import type { GitLogin } from '../protocol/job-secrets.js'
import { URL_LENGTH_MAX } from './limits.js'
import type { GitPolicy } from './types.js'

/** A clone URL that was found fit to fetch from. */
export interface RemoteUrl {
  /** For git's configuration and for people: no password in it, and no user where the user is a token. */
  readonly url: string
  readonly transport: 'http' | 'ssh' | 'git' | 'file'
  /** `https://user:password@host` for git-credential-store(1), or null when the URL had none. */
  readonly credential: string | null
  /** `MirrorSource.login`, where the URL is one that it may be used for. */
  readonly login: GitLogin | null
  /** Strings that must never be printed. */
  readonly secrets: readonly string[]
}

const SCP_LIKE = /^(?:([\w.+-]+)@)?([a-z0-9][a-z0-9.-]*|\[[0-9a-f:]+\]):(?!:|\/\/)([^-].*)$/i

/**
 * Reads a clone URL, taking credentials out of it: git puts the URL on the command line of its
 * transport helpers, where every user of the host can read it.
 * @throws SandpiperError SP_GIT_REFUSED for anything that is no plain URL of an allowed transport,
 * above all `ext::` and other helper addresses, options, and local paths where they are not allowed
 */
export function parseRemoteUrl(text: string, policy: GitPolicy): RemoteUrl {
  if (text === '' || text.length > URL_LENGTH_MAX || /[\p{Cc}\s]/u.test(text)) {
    throw refused('the clone URL is empty, too long, or has spaces or control characters in it')
  }
  if (text.startsWith('/') || text.startsWith('file://')) return local(text, policy)
  const scheme = /^([a-z][a-z0-9+.-]*):\/\/[^/?#\\]/i.exec(text)?.[1]?.toLowerCase()
  if (scheme === undefined) return scpLike(text)
  if (!['http', 'https', 'ssh', 'git'].includes(scheme)) {
    throw refused(`the clone URL has the scheme ${scheme}, which is not allowed`)
  }
  return withAuthority(text)
}

/** The remote with a login, if it is one that may get it. */
export function withLogin(remote: RemoteUrl, login: GitLogin | null | undefined): RemoteUrl {
  if (!login || remote.credential !== null || !remote.url.startsWith('https://')) return remote
  const { password } = login
  return { ...remote, login, secrets: [...remote.secrets, password, encodeURIComponent(password)] }
}

function local(text: string, policy: GitPolicy): RemoteUrl {
  if (!policy.allowFileTransport) {
    throw refused('the clone URL is a local path, and the repo was not added with one')
  }
  if (text.startsWith('file://') && !text.startsWith('file:///')) {
    throw refused('a file:// URL needs an absolute path: file:///srv/repo.git')
  }
  return { url: text, transport: 'file', credential: null, login: null, secrets: [] }
}

function scpLike(text: string): RemoteUrl {
  if (!SCP_LIKE.test(text)) throw refused('the clone URL is neither a URL nor user@host:path')
  return { url: text, transport: 'ssh', credential: null, login: null, secrets: [] }
}

function withAuthority(text: string): RemoteUrl {
  const url = parse(text)
  if (url.hostname === '' || url.hostname.startsWith('-') || url.pathname.startsWith('/-')) {
    throw refused('the clone URL has no host, or a host or path that starts with a dash')
  }
  const secrets = secretsOf(url)
  const transport = url.protocol.startsWith('http')
    ? 'http'
    : url.protocol === 'ssh:'
      ? 'ssh'
      : 'git'
  const hasCredential = transport === 'http' && (url.username !== '' || url.password !== '')
  const credential = hasCredential
    ? `${url.protocol}//${url.username}:${url.password}@${url.host}`
    : null
  url.password = ''
  if (transport !== 'ssh') url.username = ''
  return { url: url.href, transport, credential, login: null, secrets }
}

function parse(text: string): URL {
  try {
    return new URL(text)
  } catch {
    throw refused('the clone URL can not be read')
  }
}

function secretsOf(url: URL): readonly string[] {
  // A user name is no secret beside a password, but alone it is a token.
  const userIsToken = url.protocol.startsWith('http') && /^(?:x-oauth-basic)?$/.test(url.password)
  const parts = [url.password, userIsToken ? url.username : '']
  return [...new Set([...parts, ...parts.map(decode)])].filter((part) => part.length >= 4)
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Takes credentials out of any text that git printed: those of our URL, and those of any other. */
export function redact(text: string, secrets: readonly string[]): string {
  let result = text.replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s/'"]*@/gi, '$1***@')
  for (const secret of secrets) result = result.replaceAll(secret, '***')
  return result
}

function refused(message: string): SandpiperError {
  return new SandpiperError('SP_GIT_REFUSED', message, {
    hint: 'Use an https://, http://, ssh:// or git:// URL, or user@host:path.',
  })
}
