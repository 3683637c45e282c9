import type { SandboxSpec } from '../types.js'

/** A protection that the tampered launcher can leave out: native/src/tampering/guards.cc has the same. */
export type Guard =
  | 'seccomp'
  | 'capabilities'
  | 'bounding-set'
  | 'no-new-privs'
  | 'undumpable'
  | 'user-namespace'
  | 'pid-namespace'
  | 'ipc-namespace'
  | 'uts-namespace'
  | 'network-namespace'
  | 'cgroup-namespace'
  | 'blank-namespace'
  | 'old-root'
  | 'masks'
  | 'read-only'
  | 'nodev'
  | 'nosuid'
  | 'close-range'
  | 'close-on-exec'
  | 'resolve'
  | 'place-check'
  | 'session'
  | 'cgroups'
  | 'rlimits'

/** One thing that a step tries, and what holds it off. */
export interface Row {
  /** What is tried, for people; ends a sentence that starts with "A step can't". */
  readonly title: string
  /** Name of an attempt of native/src/testing, with its argument; `{NAME}` stands for one of `Facts`. */
  readonly attempt: string
  /** What comes back in the product: names of errors. */
  readonly refused: string | readonly string[]
  /** What shows that nothing has refused it; default: that it works. Then it is never done by half. */
  readonly open?: string | readonly string[]
  /** Each of these holds it off alone. Without all of them it works. */
  readonly guards: readonly Guard[]
  /** What is left out too when it is shown to work, without being among what holds it off. */
  readonly without?: readonly Guard[]
  /** What differs from a plain sandbox. */
  readonly spec?: Partial<SandboxSpec>
  /** What comes back, with or without guards, where the host's kernel has no such thing. */
  readonly absent?: string | readonly string[]
}

/** What is known of the host when the battery runs. */
export interface Facts {
  /** Its name. */
  readonly HOSTNAME: string
  /** Pid of a process of its root. */
  readonly PROCESS: number
  /** Pid of a program in another sandbox of the stage, and in one of another stage. */
  readonly SIBLING: number
  readonly STRANGER: number
  /** TCP port on which something listens on its loopback. */
  readonly PORT: number
  /** Name of an abstract unix socket on which something listens. */
  readonly ABSTRACT: string
  /** Number of a System V shared memory segment that everybody may use. */
  readonly MEMORY: number
}

/** Rows that belong together. */
export interface Area {
  readonly title: string
  readonly rows: readonly Row[]
}

/** The values that a row's `refused` or `open` allows. */
export function valuesOf(values: string | readonly string[]): readonly string[] {
  return typeof values === 'string' ? [values] : values
}
