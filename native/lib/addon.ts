import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { NativeError } from './error.js'

/** One condition of a seccomp rule; numbers are libseccomp's. */
export interface RawSeccompCondition {
  readonly index: number
  readonly operation: number
  readonly value: bigint
  readonly valueTwo: bigint
}

/** One system call of a seccomp policy. Rules for the same call are alternatives. */
export interface RawSeccompRule {
  readonly number: number
  readonly action: number
  readonly conditions: readonly RawSeccompCondition[]
}

/** Refuses a call when the low 32 bits of an argument are one of `values`, whatever the rules say. */
export interface RawSeccompRefusal {
  readonly number: number
  readonly argument: number
  readonly values: readonly number[]
  readonly action: number
}

export interface RawSeccompPolicy {
  readonly defaultAction: number
  readonly otherArchitectureAction: number
  readonly rules: readonly RawSeccompRule[]
  /** Calls from this number on get `unknownAction`. */
  readonly unknownFrom: number
  readonly unknownAction: number
  readonly refusals: readonly RawSeccompRefusal[]
}

/** The addon's end of a launcher process (native/src/addon/link.h). */
export interface LauncherLink {
  readonly pid: number
  /** Sends a request; what the socket does not take at once is queued. */
  send(type: number, id: number, payload: Uint8Array): void
  /** The same, with the write ends of new pipes. @returns the descriptors of their read ends. */
  sendWithOutputs(type: number, id: number, payload: Uint8Array, pipes: number): number[]
  /** Closes the socket; the launcher then kills its sandboxes and ends. */
  close(): void
}

/** What sandpiper.node exports. Its functions throw errors with `errno`, `syscall` and `path`. */
export interface Addon {
  readonly LauncherLink: new (
    path: string,
    onReply: (frame: Buffer) => void,
    onEnd: (status: number) => void,
  ) => LauncherLink
  compileSeccomp(policy: RawSeccompPolicy): Buffer
  /** Number of a system call on this architecture; negative when it has none of that name. */
  resolveSystemCall(name: string): number
  /** Descriptor of the locked file, or -1 when another process has the lock. */
  lockFile(path: string): number
  lockDirectory(path: string): number
  /** Names and values of the extended attributes of a file, in turn; of a link those of its own. */
  readXattrs(path: Uint8Array): readonly Buffer[]
  /** execve(2) in this process; returns only by throwing. */
  execute(path: string, argv: readonly string[], env: readonly string[]): never
}

/**
 * The directory `native/build`, looked for upward from this module: it runs from `native/lib` and from
 * `dist/native/lib`.
 * @throws NativeError SP_NATIVE_NOT_BUILT.
 */
export function buildDirectory(): string {
  return join(findUpward('native/build/sandpiper.node'), 'native/build')
}

/** The directory `native/seccomp`, found the same way. */
export function seccompDirectory(): string {
  return join(findUpward('native/seccomp/default.json'), 'native/seccomp')
}

/** Loads the addon; later calls return the same. */
export function loadAddon(): Addon {
  loaded ??= createRequire(import.meta.url)(join(buildDirectory(), 'sandpiper.node')) as Addon
  return loaded
}

let loaded: Addon | undefined

function findUpward(name: string): string {
  const start = dirname(fileURLToPath(import.meta.url))
  for (let directory = start; ; directory = dirname(directory)) {
    if (existsSync(join(directory, name))) return directory
    if (directory === dirname(directory)) break
  }
  throw new NativeError(
    'SP_NATIVE_NOT_BUILT',
    `no ${name} in any directory above ${start}: build it with "make -C native"`,
  )
}
