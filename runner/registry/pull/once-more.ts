import { messageOf } from '../../../protocol/errors.js'
import { isWrongBytes } from '../errors.js'
import type { RequestOptions } from '../types.js'

/**
 * Does the work, and once more from its beginning when the bytes were wrong.
 * @param work gets the labels of the endpoints that the wrong bytes came from, and adds its own to them
 */
export async function onceMore<T>(
  { signal, onRetry }: RequestOptions,
  work: (suspects: Set<string>) => Promise<T>,
): Promise<T> {
  const suspects = new Set<string>()
  try {
    return await work(suspects)
  } catch (error) {
    signal?.throwIfAborted()
    if (!isWrongBytes(error)) throw error
    onRetry?.(`${messageOf(error)}; reading it again`)
    return work(suspects)
  }
}
