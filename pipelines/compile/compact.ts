/** What an object is without the keys that have no value. */
type Compact<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> }

/** Leaves out what is undefined: in plans, what is not asked for is not there. */
export function compact<T extends object>(values: T): Compact<T> {
  const there = Object.entries(values).filter(([, value]) => value !== undefined)
  return Object.fromEntries(there) as Compact<T>
}
