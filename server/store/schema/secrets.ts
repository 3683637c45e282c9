import type { Generated } from 'kysely'

/** What steps and pulls are given in secret, and the keys that it is sealed with. */
export interface SecretTables {
  secrets: SecretTable
  registries: RegistryTable
  key_ring: KeyRingTable
}

/** Of a repo (`repo_id`), or of all repos of an owner (`namespace`). */
interface OwnedTable {
  id: Generated<number>
  repo_id: number | null
  /** Empty for a repo's. */
  namespace: string
  created: number
  updated: number
}

export interface SecretTable extends OwnedTable {
  name: string
  /** Its value, sealed. */
  data: string
  /** 1 when builds of pull requests from the repo itself get it; those of forks never do. */
  pull_request: number
  /** 1 when such pull requests may change it, as Drone has it; kept and shown. */
  pull_request_push: number
  /** JSON lists of strings; an empty one lets all. */
  events_json: string
  images_json: string
  branches_json: string
}

export interface RegistryTable extends OwnedTable {
  /** Host, with its port where it has one. */
  address: string
  username: string
  /** Sealed. */
  password: string
  /** 1 when images of forks' builds are pulled with it as well. */
  forks: number
}

/** One row, which whoever changes the file of keys holds meanwhile. */
export interface KeyRingTable {
  id: number
  /** Times that the ring was changed. */
  changes: number
}
