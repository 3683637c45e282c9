import { join } from 'node:path'
import { buildDirectory } from '../addon.js'
import type { Guard } from '../battery/row.js'
import type { SandboxSpec } from '../types.js'

/** The launcher whose guards can be left out, for tests only: native/src/tampering/guards.h. */
export function tamperedLauncher(): string {
  return join(buildDirectory(), 'tampered/sandpiper-launcher')
}

/** An environment that has the tampered launcher leave guards out; it does not come into the sandbox. */
export function withoutGuards(guards: readonly Guard[]): Pick<SandboxSpec, 'env'> {
  const off = guards.length === 0 ? {} : { SANDPIPER_TEST_GUARDS_OFF: guards.join(',') }
  return { env: { PATH: '/bin', ...off } }
}
