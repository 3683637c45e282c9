import { FORGE_KINDS, type ForgeKind, type ForgeSettings } from '../../server/forges/types.js'
import type { Scope, Setting, SettingValues } from './settings.js'
import { text, url, type ValueType } from './values.js'

const SERVER: readonly Scope[] = ['standalone', 'server']

/** What people call the forges, and the address of those that are at one place only unless said otherwise. */
const FORGES = {
  github: { name: 'GitHub', url: 'https://github.com' },
  gitea: { name: 'Gitea', url: undefined },
  forgejo: { name: 'Forgejo', url: undefined },
  gitlab: { name: 'GitLab', url: 'https://gitlab.com' },
  bitbucket: { name: 'Bitbucket Cloud', url: 'https://bitbucket.org' },
  'bitbucket-server': { name: 'Bitbucket Server or Data Center', url: undefined },
} as const satisfies Readonly<Record<ForgeKind, unknown>>

/** Leaves room for what is put behind it: Bitbucket Server's contexts have 255 characters. */
const statusContext: ValueType<string> = {
  name: 'text',
  parse: (raw) =>
    /^[A-Za-z0-9][A-Za-z0-9 ._/-]{0,99}$/.test(raw)
      ? { value: raw.replace(/\/+$/, '') }
      : { problem: 'must be up to 100 letters, digits, spaces and any of . _ / -' },
}

type Field = 'Url' | 'ApiUrl' | 'Token'
type LoginField = 'ClientId' | 'ClientSecret'
type Fields<P extends string, F extends string> = Readonly<Record<`${P}${F}`, Setting<string>>>

/** The forges that a server talks to. One is set up by its address, a token or a client id. */
export const FORGE_SETTINGS = {
  ...forge('github', 'github'),
  ...login('github', 'github'),
  ...forge('gitea', 'gitea'),
  ...login('gitea', 'gitea'),
  ...forge('forgejo', 'forgejo'),
  ...login('forgejo', 'forgejo'),
  ...forge('gitlab', 'gitlab'),
  ...login('gitlab', 'gitlab'),
  ...forge('bitbucket', 'bitbucket'),
  ...forge('bitbucket-server', 'bitbucketServer'),
  statusContext: {
    env: 'SANDPIPER_STATUS_CONTEXT',
    type: statusContext,
    default: 'continuous-integration/sandpiper',
    description:
      'What the statuses of commits are called at their forge, before `/push` and the like',
    scopes: SERVER,
  } as Setting<string>,
} as const

/** The forges that are set up, and what is wrong with their settings together. */
export function forgesOf(settings: Partial<SettingValues>): {
  readonly forges: readonly ForgeSettings[]
  readonly problems: readonly string[]
} {
  const read = FORGE_KINDS.map((kind) => ({ kind, ...givenOf(kind, settings) }))
  const named = read.filter((given) => Object.values(given).some((it) => it !== given.kind && it))
  return { forges: named.map(settingsOf), problems: named.flatMap(problemsOf) }
}

interface Given {
  readonly kind: ForgeKind
  readonly url: string | undefined
  readonly apiUrl: string | undefined
  readonly token: string | undefined
  readonly clientId: string | undefined
  readonly clientSecret: string | undefined
}

function givenOf(kind: ForgeKind, settings: Partial<SettingValues>): Omit<Given, 'kind'> {
  const values = settings as Readonly<Record<string, string | undefined>>
  const prefix = kind === 'bitbucket-server' ? 'bitbucketServer' : kind
  return {
    url: values[`${prefix}Url`],
    apiUrl: values[`${prefix}ApiUrl`],
    token: values[`${prefix}Token`],
    clientId: values[`${prefix}ClientId`],
    clientSecret: values[`${prefix}ClientSecret`],
  }
}

function problemsOf({ kind, url: address, clientId, clientSecret }: Given): string[] {
  const env = envOf(kind)
  const problems: string[] = []
  if ((address ?? FORGES[kind].url) === undefined) {
    problems.push(`${env}_URL: must be set with the others of ${env}_*`)
  }
  if (clientId === undefined && clientSecret !== undefined) {
    problems.push(`${env}_CLIENT_ID: must be set with ${env}_CLIENT_SECRET`)
  }
  if (clientId !== undefined && clientSecret === undefined) {
    problems.push(`${env}_CLIENT_SECRET: must be set with ${env}_CLIENT_ID`)
  }
  return problems
}

function settingsOf({
  kind,
  apiUrl,
  token,
  clientId,
  clientSecret,
  ...given
}: Given): ForgeSettings {
  return {
    kind,
    url: given.url ?? FORGES[kind].url ?? '',
    ...(apiUrl === undefined ? {} : { apiUrl }),
    ...(token === undefined ? {} : { token }),
    ...(clientId === undefined || clientSecret === undefined
      ? {}
      : { oauth: { clientId, clientSecret } }),
  }
}

/** What the variables of a forge begin with. */
export function envOf(kind: ForgeKind): `SANDPIPER_${string}` {
  return `SANDPIPER_${kind.toUpperCase().replaceAll('-', '_')}`
}

function forge<P extends string>(kind: ForgeKind, prefix: P): Fields<P, Field> {
  const { name, url: address } = FORGES[kind]
  const env = envOf(kind)
  return prefixed(prefix, {
    Url: {
      env: `${env}_URL`,
      type: url(['http', 'https']),
      defaultText: address ?? 'none',
      description: `Web address of ${name}`,
      scopes: SERVER,
    },
    ApiUrl: {
      env: `${env}_API_URL`,
      type: url(['http', 'https']),
      defaultText: 'made from the web address',
      description: `Address of the API of ${name}, where the server reaches it under another one`,
      scopes: SERVER,
    },
    Token: {
      env: `${env}_TOKEN`,
      type: text,
      defaultText: 'none',
      description: `Token for ${name}, used where neither the repo nor who added it has one`,
      secret: true,
      scopes: SERVER,
    },
  })
}

function login<P extends string>(kind: ForgeKind, prefix: P): Fields<P, LoginField> {
  const { name } = FORGES[kind]
  const env = envOf(kind)
  return prefixed(prefix, {
    ClientId: {
      env: `${env}_CLIENT_ID`,
      type: text,
      defaultText: 'none',
      description: `Id of the OAuth2 application at ${name} that people sign in with`,
      scopes: SERVER,
    },
    ClientSecret: {
      env: `${env}_CLIENT_SECRET`,
      type: text,
      defaultText: 'none',
      description: 'Secret of that application',
      secret: true,
      scopes: SERVER,
    },
  })
}

function prefixed<P extends string, F extends string>(
  prefix: P,
  fields: Readonly<Record<F, Setting<string>>>,
): Fields<P, F> {
  const entries = Object.entries(fields).map(([key, setting]) => [prefix + key, setting])
  return Object.fromEntries(entries) as Fields<P, F>
}
