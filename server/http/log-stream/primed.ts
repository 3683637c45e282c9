/**
 * The same items, of which the first one is there already: what can't be read at all fails now, when there is still
 * an answer to say so in, and not after its headers.
 */
export async function primed<T>(items: AsyncIterable<T>): Promise<AsyncIterable<T>> {
  const iterator = items[Symbol.asyncIterator]()
  const first = await iterator.next()
  return rest(iterator, first)
}

async function* rest<T>(
  iterator: AsyncIterator<T>,
  first: IteratorResult<T>,
): AsyncGenerator<T, void> {
  try {
    for (let next = first; next.done !== true; next = await iterator.next()) yield next.value
  } finally {
    await iterator.return?.()
  }
}
