import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { link, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { constants } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { buildDirectory } from '../../native/lib/addon.js'

/** What is to happen at a chosen system call: it fails, its caller is killed, or its caller waits. */
export type Fault =
  | { readonly kind: 'fail'; readonly error: keyof typeof constants.errno }
  | { readonly kind: 'kill' }
  | { readonly kind: 'hold' }

/** The call that a fault came to. */
export interface FaultyCall {
  /** Function of the C library; for syscall(2) the call's own name or number. */
  readonly name: string
  /** Whether the launcher itself made it, and not one of its children. */
  readonly byLauncher: boolean
  /**
   * Addresses in the program that were on the stack, the innermost first: the call's callers, and some
   * that are left of calls before.
   */
  readonly callers: readonly bigint[]
}

/** Offsets in native/src/faults/control.h. */
const AT = { armed: 0, at: 4, action: 8, error: 12, released: 16, count: 20, reached: 24 }
const CALL = { number: 28, byLauncher: 32, name: 36, callers: 64 }
const SIZE = 64 + 64 * 8
const ACTIONS = { fail: 0, kill: 1, hold: 2 } as const

/** Those that the launcher makes with syscall(2), on x86-64. */
const SYSCALLS: Readonly<Record<number, string>> = {
  56: 'clone',
  116: 'setgroups',
  117: 'setresuid',
  119: 'setresgid',
  126: 'capset',
  155: 'pivot_root',
  250: 'keyctl',
  317: 'seccomp',
  434: 'pidfd_open',
  435: 'clone3',
  437: 'openat2',
}

/**
 * The launcher program that injects faults into its own system calls and its children's, with a file
 * beside it by which that is steered. One launcher process at a time may run from it.
 */
export class FaultyLauncher {
  readonly #directory: string
  readonly #control: number
  /** The program, for `createLauncher`. */
  readonly program: string

  private constructor(directory: string, program: string) {
    this.#directory = directory
    this.program = program
    this.#control = openSync(`${program}.faults`, 'r+')
  }

  static async make(): Promise<FaultyLauncher> {
    const built = path.join(buildDirectory(), 'faulty/sandpiper-launcher')
    const directory = await mkdtemp(path.join(buildDirectory(), 'faulty/run-'))
    const program = path.join(directory, 'sandpiper-launcher')
    await link(built, program)
    await writeFile(`${program}.faults`, Buffer.alloc(SIZE))
    return new FaultyLauncher(directory, program)
  }

  /** Counts calls from now on and acts on the one of that number, from 1; 0: on none. */
  arm(at: number, fault: Fault = { kind: 'hold' }): void {
    const control = Buffer.alloc(SIZE)
    control.writeUInt32LE(at, AT.at)
    control.writeUInt32LE(ACTIONS[fault.kind], AT.action)
    if (fault.kind === 'fail') control.writeInt32LE(constants.errno[fault.error], AT.error)
    this.#write(control, 0)
    this.#writeNumber(AT.armed, 1)
  }

  /** Lets who waits go on, and counts no more. */
  disarm(): void {
    this.#writeNumber(AT.armed, 0)
    this.#writeNumber(AT.released, 1)
  }

  /** Calls since `arm`. */
  get count(): number {
    return this.#read().readUInt32LE(AT.count)
  }

  /** The call that was acted on; null when none was. */
  get call(): FaultyCall | null {
    const control = this.#read()
    if (control.readUInt32LE(AT.reached) === 0) return null
    const number = control.readUInt32LE(CALL.number)
    const name = control.toString('latin1', CALL.name, CALL.callers).replace(/\0.*$/s, '')
    return {
      name: number === 0 ? name : (SYSCALLS[number] ?? `syscall ${number}`),
      byLauncher: control.readUInt32LE(CALL.byLauncher) === 1,
      callers: Array.from(new BigUint64Array(control.buffer.slice(CALL.callers))).filter(Boolean),
    }
  }

  /** Resolves when the call is acted on; with null when it is disarmed first. */
  async reached(): Promise<FaultyCall | null> {
    while (this.#read().readUInt32LE(AT.armed) === 1) {
      const { call } = this
      if (call) return call
      await delay(1)
    }
    return null
  }

  async remove(): Promise<void> {
    closeSync(this.#control)
    await rm(this.#directory, { recursive: true })
  }

  #read(): Buffer {
    const control = Buffer.alloc(SIZE)
    readSync(this.#control, control, 0, SIZE, 0)
    return control
  }

  #write(data: Buffer, offset: number): void {
    writeSync(this.#control, data, 0, data.length, offset)
  }

  #writeNumber(offset: number, value: number): void {
    const data = Buffer.alloc(4)
    data.writeUInt32LE(value)
    this.#write(data, offset)
  }
}
