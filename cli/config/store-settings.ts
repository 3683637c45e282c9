import type { Scope, Setting } from './settings.js'
import { integerWithin, path, text, url } from './values.js'

const SERVER: readonly Scope[] = ['standalone', 'server']
const STORE: readonly Scope[] = [...SERVER, 'backup']

/** Where builds and secrets are kept, when that is not the data directory. */
export const STORE_SETTINGS = {
  databaseUrl: define({
    env: 'SANDPIPER_DATABASE_URL',
    type: url(['postgres', 'postgresql']),
    secret: true,
    defaultText: 'SQLite, the file sandpiper.db of the data directory',
    description:
      'Postgres to keep everything in, such as `postgres://user@host/sandpiper?sslmode=verify-full`; several servers may share one',
    scopes: STORE,
  }),
  databasePassword: define({
    env: 'SANDPIPER_DATABASE_PASSWORD',
    type: text,
    secret: true,
    defaultText: 'that in the URL',
    description: 'Password for that Postgres',
    scopes: STORE,
  }),
  databaseConnections: define({
    env: 'SANDPIPER_DATABASE_CONNECTIONS',
    type: integerWithin({ min: 2, max: 200 }),
    default: '10',
    description: 'Connections to Postgres that one server has at most',
    scopes: SERVER,
  }),
  secretKeyFile: define({
    env: 'SANDPIPER_SECRET_KEY_FILE',
    type: path,
    defaultText: 'server.key of the data directory',
    description:
      'File with the keys of the secrets in the database; servers that share one share its keys',
    scopes: STORE,
  }),
} as const

function define<T>(setting: Setting<T>): Setting<T> {
  return setting
}
