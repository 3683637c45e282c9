import type { SandboxSpec } from '../types.js'

/**
 * The protections that the tampered launcher can leave out, with what each is.
 * native/src/tampering/guards.cc has the same names.
 */
export const GUARDS = {
  seccomp: 'the filter of system calls',
  capabilities: 'all but eleven capabilities are dropped',
  'bounding-set': 'no program brings them back',
  'no-new-privs': 'no program gains privileges',
  undumpable: 'nobody inside may look into the init',
  'user-namespace': 'root inside is an id without rights outside',
  'pid-namespace': 'processes outside are not seen',
  'ipc-namespace': 'shared memory and queues outside are not seen',
  'uts-namespace': 'the host’s name is not seen',
  'network-namespace': 'a network of the stage’s own',
  'cgroup-namespace': 'its place among the cgroups is not seen',
  'blank-namespace': 'the root is made in an empty tree of mounts',
  'old-root': 'the tree in which the root was made is unmounted',
  masks: 'parts of /proc and /sys are covered, or mounted read-only',
  'read-only': 'mounts that are read-only: /sys, /dev',
  nodev: 'devices on any mount but /dev do not work',
  nosuid: 'set-user-id bits do not work',
  'close-range': 'every descriptor of the launcher is closed',
  'close-on-exec': 'descriptors end with the launcher’s program',
  resolve: 'paths are resolved in the root, without magic links',
  'place-check': 'where a mount would go is looked at first',
  session: 'a session of its own',
  cgroups: 'limits by cgroups',
  rlimits: 'limits of a process',
} as const

export type Guard = keyof typeof GUARDS

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
  /** The only architecture that has such a thing, as `process.arch`. */
  readonly arch?: string
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

/** Whether this machine can have such a thing. */
export function isOfThisMachine({ arch }: Row): boolean {
  return arch === undefined || arch === process.arch
}

/** The values that a row's `refused` or `open` allows. */
export function valuesOf(values: string | readonly string[]): readonly string[] {
  return typeof values === 'string' ? [values] : values
}
