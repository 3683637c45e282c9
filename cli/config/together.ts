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
  return problems
}
