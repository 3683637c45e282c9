/** What is written down: the thing and what was done with it. */
export const AUDIT_ACTIONS = [
  'secret.create',
  'secret.update',
  'secret.delete',
  /** A stage was given the secret. */
  'secret.use',
  'registry.create',
  'registry.update',
  'registry.delete',
  'registry.use',
  'hook-secret.show',
  'hook-secret.change',
  'repo.create',
  'repo.update',
  'repo.delete',
  'build.approve',
  'build.decline',
  'token.create',
  'token.delete',
  'user.login',
  'user.logout',
  'user.create',
  'user.update',
  'user.delete',
  'cron.create',
  'cron.update',
  'cron.delete',
  'key.rotate',
  'key.remove',
] as const

export type AuditAction = (typeof AUDIT_ACTIONS)[number]
