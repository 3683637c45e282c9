import { hasCode } from './error-code.js'

/** What the promise gives, or null where the file is not there. */
export async function nullIfMissing<T>(promise: Promise<T>): Promise<T | null> {
  try {
    return await promise
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null
    throw error
  }
}
