import { listIn } from '../../secrets/secret-columns.js'
import type { RegistryRow, SecretRow } from '../../secrets/types.js'
import { seconds } from './time.js'

/** A secret as Drone's API has it, with our rules. Its value is not known here. */
export function renderSecret(row: SecretRow) {
  return {
    ...{ id: row.id, repo_id: row.repo_id ?? 0, namespace: row.namespace, name: row.name },
    pull_request: row.pull_request === 1,
    pull_request_push: row.pull_request_push === 1,
    events: [...listIn(row.events_json)],
    images: [...listIn(row.images_json)],
    branches: [...listIn(row.branches_json)],
    created: seconds(row.created),
    updated: seconds(row.updated),
  }
}

/** A registry login as Woodpecker's API has it. Its password is not known here. */
export function renderRegistry(row: RegistryRow) {
  return {
    ...{ id: row.id, repo_id: row.repo_id ?? 0, namespace: row.namespace },
    ...{ address: row.address, username: row.username, forks: row.forks === 1 },
    created: seconds(row.created),
    updated: seconds(row.updated),
  }
}
