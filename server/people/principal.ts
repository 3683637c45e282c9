/** What a person, or a team's robot, may do with a repo; each role includes those before it. */
export type Role = 'read' | 'write' | 'admin'

/** Who makes a request, as far as that is known. */
export interface Principal {
  /** Row in `users`; 0 for the token of the installation, which is nobody's. */
  readonly userId: number
  readonly login: string
  /** True for who may do everything. */
  readonly admin: boolean
  /** What proved it. A session is a browser's: requests that change something need a CSRF token then. */
  readonly via: 'admin-token' | 'token' | 'session'
  /** The most that its token was given; null: as much as its owner may. */
  readonly scope: Role | null
  /** Row in `user_sessions` or `user_tokens`; absent for the token of the installation. */
  readonly proofId?: number
  /** When what proved it ends, in Unix ms; 0, or absent: never. */
  readonly expires?: number
}
