import { getSystemErrorMap } from 'node:util'

/** Where a system call failed. */
export interface SystemFailure {
  /** Positive errno value. */
  readonly errno: number
  readonly syscall: string
  /** What the call was made on: a path, or the name of a thing that has none. */
  readonly path: string
}

/**
 * A sandbox operation that failed. `code` is the errno's name (`ENOENT`) when the kernel refused a
 * call, else `SP_NATIVE_<WHAT>`. The message names the call and its object:
 * `mount overlay on /data/u: EINVAL`.
 */
export class NativeError extends Error {
  readonly code: string
  /** Positive errno value, or 0 when no system call failed. */
  readonly errno: number
  readonly syscall: string
  readonly path: string

  constructor(code: string, message: string, failure: Partial<SystemFailure> = {}) {
    super(message)
    this.name = 'NativeError'
    this.code = code
    this.errno = failure.errno ?? 0
    this.syscall = failure.syscall ?? ''
    this.path = failure.path ?? ''
  }
}

/** The error of a failed system call. */
export function systemError(failure: SystemFailure): NativeError {
  const code = errnoName(failure.errno)
  return new NativeError(code, `${failure.syscall} on ${failure.path}: ${code}`, failure)
}

/** A value in a specification that no sandbox can be made of. */
export function specError(message: string): NativeError {
  return new NativeError('SP_NATIVE_SPEC', message)
}

/** The launcher process has ended, and with it what was asked of it. */
export function goneError(what: string): NativeError {
  return new NativeError('SP_NATIVE_LAUNCHER_GONE', `the sandbox launcher ended: ${what}`)
}

/**
 * Turns what the addon throws into a NativeError; anything else stays as it is. Not by `instanceof`:
 * the addon makes its errors in Node's main context, where a caller need not be.
 */
export function fromAddon(error: unknown): unknown {
  if (typeof error !== 'object' || error === null || !('errno' in error)) return error
  const { errno, syscall, path } = error as Record<string, unknown>
  if (typeof errno !== 'number') return error
  return systemError({ errno, syscall: String(syscall), path: String(path) })
}

/** Turns a failed call of Node's own `fs` into a NativeError; anything else stays as it is. */
export function fromNode(error: unknown): unknown {
  if (typeof error !== 'object' || error === null || !('syscall' in error)) return error
  const { errno, syscall, path } = error as Record<string, unknown>
  if (typeof errno !== 'number') return error
  return systemError({ errno: -errno, syscall: String(syscall), path: String(path) })
}

/** The name of a positive errno value, e.g. `EINVAL`; `errno 999` for one that has none. */
export function errnoName(errno: number): string {
  return getSystemErrorMap().get(-errno)?.[0] ?? EXTRA_NAMES[errno] ?? `errno ${errno}`
}

/** Errnos of Linux (errno-base.h, errno.h) that libuv has no name for. */
const EXTRA_NAMES: Readonly<Record<number, string>> = {
  10: 'ECHILD',
  40: 'ELOOP',
  42: 'ENOMSG',
  62: 'ETIME',
  74: 'EBADMSG',
  77: 'EBADFD',
  87: 'EUSERS',
  116: 'ESTALE',
  117: 'EUCLEAN',
  122: 'EDQUOT',
  126: 'ENOKEY',
}
