/** Where the database is: a file of SQLite, or a Postgres. */
export type DatabaseAddress = { readonly path: string } | PostgresAddress

export interface PostgresAddress {
  /** `postgres://user:password@host:port/name?sslmode=verify-full` */
  readonly url: string
  /** Instead of one in the URL. */
  readonly password?: string
  /** Connections of this server. Default: 10. */
  readonly connectionsMax?: number
}
