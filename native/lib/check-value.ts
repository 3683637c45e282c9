import { specError } from './error.js'

/** PATH_MAX without its NUL. */
const PATH_BYTES_MAX = 4095

/** An absolute path inside the sandbox, below its root, without `.` and `..`. */
export function checkInside(what: string, path: string, allow: { root?: boolean } = {}): void {
  checkPath(what, path)
  const parts = path.split('/').filter((part) => part !== '')
  if (parts.some((part) => part === '.' || part === '..')) {
    throw specError(`${what} ${JSON.stringify(path)} has a "." or ".." in it`)
  }
  if (parts.length === 0 && allow.root !== true) throw specError(`${what} must not be "/"`)
}

/** An absolute path of a length that the kernel takes. */
export function checkPath(what: string, path: string): void {
  checkText(what, path)
  if (!path.startsWith('/')) throw specError(`${what} ${JSON.stringify(path)} is not absolute`)
  const bytes = Buffer.byteLength(path)
  if (bytes > PATH_BYTES_MAX)
    throw specError(`${what} is ${bytes} bytes long, over ${PATH_BYTES_MAX}`)
}

/** Anything that can be a string of C. */
export function checkText(what: string, text: string): void {
  if (text.includes('\0')) throw specError(`${what} has a NUL character in it`)
}

/** A whole number in a range, both ends included. */
export function checkWhole(what: string, value: number, min: number, max: number): void {
  if (!Number.isSafeInteger(value) || value < min || value > max) {
    throw specError(`${what} must be a whole number from ${min} to ${max}, not ${value}`)
  }
}
