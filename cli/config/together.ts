import type { ForgeKind } from '../../server/forges/types.js'
import { envOf, FORGE_SETTINGS, forgesOf } from './forge-settings.js'
import type { SettingValues } from './settings.js'

/** A lease is to outlive one heartbeat that is lost. */
const HEARTBEATS_PER_LEASE = 2

/** What is wrong with settings only when they are seen together. */
export function problemsTogether(settings: Partial<SettingValues>): readonly string[] {
  const { heartbeat, lease, databaseUrl, databasePassword } = settings
  const problems: string[] = []
  if (heartbeat !== undefined && lease !== undefined && heartbeat * HEARTBEATS_PER_LEASE > lease) {
    problems.push(
      'SANDPIPER_HEARTBEAT must be at most half of SANDPIPER_LEASE, or stages are taken from runners that work',
    )
  }
  if (databasePassword !== undefined && databaseUrl === undefined) {
    problems.push('SANDPIPER_DATABASE_PASSWORD does nothing without SANDPIPER_DATABASE_URL')
  }
  return [...problems, ...problemsOfAccounts(settings)]
}

/** People sign in with their forge: those of another one would wait in vain. */
function problemsOfAccounts(settings: Partial<SettingValues>): readonly string[] {
  const { admins = [], usersAllow: allow } = settings
  const allowed = allow === undefined ? [] : [...allow.accounts, ...allow.organisations]
  const signsIn = new Set(forgesOf(settings).forges.map(({ kind, oauth }) => oauth && kind))
  return [
    ...admins.map((account) => ({ ...account, env: 'SANDPIPER_ADMINS' })),
    ...allowed.map((account) => ({ ...account, env: 'SANDPIPER_USERS_ALLOW' })),
  ]
    .filter(({ forge }) => !signsIn.has(forge))
    .map(
      ({ env, forge, login }) => `${env}: ${forge}:${login} can not sign in, as ${whyNot(forge)}`,
    )
}

function whyNot(forge: ForgeKind): string {
  const env = `${envOf(forge)}_CLIENT_ID`
  const hasLogin = Object.values(FORGE_SETTINGS).some((setting) => setting.env === env)
  return hasLogin ? `${env} is not set` : 'only people of GitHub, Gitea, Forgejo and GitLab can'
}
