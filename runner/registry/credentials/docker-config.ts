import { SandpiperError } from '../../../protocol/errors.js'
import { CONFIG_BYTES_MAX } from '../limits.js'
import { registryKey } from './keys.js'

/** What a registry is shown to be let in. */
export type Login =
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  /** A refresh token, for the token endpoint only. */
  | { readonly kind: 'identity'; readonly token: string }
  /** A bearer token as it is. */
  | { readonly kind: 'bearer'; readonly token: string }

/** What a Docker `config.json` says about registries. */
export interface DockerConfig {
  /** Where it comes from, for messages: a path, `secret NAME`. */
  readonly source: string
  /** By registry key: `HOST[:PORT][/PATH]`. */
  readonly logins: ReadonlyMap<string, Login>
  /** Names of credential helpers by registry key. */
  readonly helpers: ReadonlyMap<string, string>
  /** Helper for all other registries; null for none. */
  readonly store: string | null
}

/**
 * Reads Docker's `config.json` (or the older `.dockercfg`, which has the registries at its top), from a file
 * of the operator's or from a secret. Nothing of its text gets into an error's.
 * @param source where it comes from, for messages
 * @throws SandpiperError SP_REGISTRY_CREDENTIALS
 */
export function parseDockerConfig(text: string, source: string): DockerConfig {
  if (Buffer.byteLength(text) > CONFIG_BYTES_MAX) throw bad(source, 'it has more than 1 MiB')
  const top = object(parseJson(text, source), source, 'its top')
  const isOld = !['auths', 'credHelpers', 'credsStore'].some((key) => key in top)
  if (isOld && typeof top['auth'] === 'object') throw bad(source, 'it has `auth` for `auths`')
  const auths = isOld ? onlyLogins(top) : top['auths']
  return {
    source,
    logins: new Map(loginsOf(auths, source)),
    helpers: new Map(helpersOf(top['credHelpers'], source)),
    store: helperName(top['credsStore'] ?? '', source) || null,
  }
}

/** Other things may stand in a config.json without any credentials. */
function onlyLogins(top: Fields): Fields {
  const isLogin = ([, value]: [string, unknown]): boolean =>
    typeof value === 'object' && value !== null && 'auth' in value
  return Object.fromEntries(Object.entries(top).filter(isLogin))
}

function loginsOf(auths: unknown, source: string): [string, Login][] {
  return Object.entries(object(auths ?? {}, source, 'auths')).flatMap(([key, value]) => {
    const login = loginOf(object(value ?? {}, source, place(key)), source, key)
    return login ? [[registryKey(key), login]] : []
  })
}

function loginOf(fields: Fields, source: string, key: string): Login | null {
  const field = (name: string): string => {
    const value = fields[name] ?? ''
    if (typeof value !== 'string') throw bad(source, `${name} of ${place(key)} is no text`)
    return value
  }
  if (field('registrytoken') !== '') return { kind: 'bearer', token: field('registrytoken') }
  if (field('identitytoken') !== '') return { kind: 'identity', token: field('identitytoken') }
  if (field('auth') !== '') return decodeAuth(field('auth'), source, key)
  if (field('username') === '') return null
  if (!('password' in fields)) throw bad(source, `${place(key)} has a username and no password`)
  return { kind: 'basic', username: field('username'), password: field('password') }
}

/** `auth` is base64 of `USER:PASSWORD`; some tools end it with NUL bytes. */
function decodeAuth(auth: string, source: string, key: string): Login {
  const text = Buffer.from(auth, 'base64').toString('utf8').replace(/\0+$/, '')
  const colon = text.indexOf(':')
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(auth.trim()) || colon <= 0) {
    throw bad(source, `auth of ${place(key)} is not base64 of USER:PASSWORD`)
  }
  return { kind: 'basic', username: text.slice(0, colon), password: text.slice(colon + 1) }
}

function helpersOf(value: unknown, source: string): [string, string][] {
  return Object.entries(object(value ?? {}, source, 'credHelpers')).flatMap(([key, name]) => {
    const helper = helperName(name, source)
    return helper === '' ? [] : [[registryKey(key), helper]]
  })
}

/** It becomes the end of a program's name, so it is no path. */
function helperName(value: unknown, source: string): string {
  if (typeof value === 'string' && /^(?:[A-Za-z0-9_][A-Za-z0-9._-]{0,63})?$/.test(value))
    return value
  throw bad(source, 'the name of a credential helper is letters, digits, dots, dashes')
}

type Fields = Readonly<Record<string, unknown>>

function object(value: unknown, source: string, what: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
  throw bad(source, `${what} is no object`)
}

/** The engine's own message quotes the text, which has passwords in it. */
function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    throw bad(source, 'it is no JSON')
  }
}

/** A key of the file in a message. It may be anything, also a secret in the wrong place. */
function place(key: string): string {
  return /^[\w.:/-]{1,100}$/.test(key) ? `auths["${key}"]` : 'an entry of auths'
}

function bad(source: string, why: string): SandpiperError {
  return new SandpiperError(
    'SP_REGISTRY_CREDENTIALS',
    `can't read the credentials in ${source}: ${why}`,
    {
      hint: `It is a file as docker login writes it: {"auths": {"HOST": {"auth": "base64 of USER:PASSWORD"}}}.`,
    },
  )
}
