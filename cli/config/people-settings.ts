import { isIP } from 'node:net'
import { readAccount, readAllowList } from '../../server/people/accounts.js'
import type { AccountName, AllowList } from '../../server/people/accounts.js'
import type { PeopleSettings } from '../../server/people/settings.js'
import type { Scope, Setting, SettingValues } from './settings.js'
import type { ValueType } from './values.js'

const SERVER: readonly Scope[] = ['standalone', 'server']

/** Accounts of forges: `github:ada,gitea:grace`. */
const accounts: ValueType<readonly AccountName[]> = {
  name: 'accounts',
  parse(raw) {
    const value = raw.split(',').map(readAccount)
    const known = value.filter((one) => one !== null)
    return known.length === value.length
      ? { value: known }
      : { problem: 'must be accounts with their forge, such as github:ada,gitea:grace' }
  },
}

/** Accounts and organisations: `github:ada,github:octo/*`. */
const allowList: ValueType<AllowList> = {
  name: 'accounts',
  parse(raw) {
    const value = readAllowList(raw.split(','))
    return value === null
      ? { problem: 'must be accounts and organisations, such as github:ada,github:octo/*' }
      : { value }
  },
}

/** Addresses and networks: `10.0.0.5,192.168.0.0/16,::1`. */
const networks: ValueType<readonly string[]> = {
  name: 'networks',
  parse(raw) {
    const value = raw.split(',').map((one) => one.trim())
    return value.every(isNetwork)
      ? { value }
      : { problem: 'must be addresses or networks, such as 10.0.0.5,192.168.0.0/16,::1' }
  },
}

function isNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0) return false
  const bits = family === 4 ? 32 : 128
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits)
}

/** People, and what is believed about where they come from. */
export const PEOPLE_SETTINGS = {
  admins: define({
    env: 'SANDPIPER_ADMINS',
    type: accounts,
    defaultText: 'only those that administrators make',
    description:
      'Administrators of the installation, by forge and login, `github:ada,gitea:grace`; beside them the token in admin-token is one',
    scopes: SERVER,
  }),
  usersAllow: define({
    env: 'SANDPIPER_USERS_ALLOW',
    type: allowList,
    defaultText: 'whoever has an account at a forge that is set up',
    description:
      'Who may sign in: accounts, and `github:octo/*` for who may write to a repo of an organisation',
    scopes: SERVER,
  }),
  trustedProxies: define({
    env: 'SANDPIPER_TRUSTED_PROXIES',
    type: networks,
    defaultText: 'none',
    description:
      'Proxies in front of the server, `127.0.0.1,10.0.0.0/8`: only their `X-Forwarded-For` is believed',
    scopes: SERVER,
  }),
} as const

/** What the operator says about people. */
export function peopleOf({
  admins,
  usersAllow,
}: Pick<SettingValues, 'admins' | 'usersAllow'>): PeopleSettings {
  return { admins: admins ?? [], allow: usersAllow ?? null }
}

function define<T>(setting: Setting<T>): Setting<T> {
  return setting
}
