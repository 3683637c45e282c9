export interface InstallationTables {
  installation: InstallationTable
}

/** One row: what all servers on the database have in common. */
export interface InstallationTable {
  id: number
  /** A known text, sealed: a server with other keys must not start. */
  key_check: string
}
