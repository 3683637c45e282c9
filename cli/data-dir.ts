import { resolve } from 'node:path'
import type { SettingValues } from './config/settings.js'
import type { CliIo } from './io.js'

/** The data directory: the setting, else the system's place for root, else the user's own. */
export function dataDirOf(io: CliIo, settings: SettingValues): string {
  if (settings.data !== undefined) return resolve(io.cwd, settings.data)
  if (io.uid === 0) return '/var/lib/sandpiper'
  const base = io.env['XDG_DATA_HOME']
  return base?.startsWith('/') ? `${base}/sandpiper` : `${io.homeDir}/.local/share/sandpiper`
}
