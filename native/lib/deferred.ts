/** A promise that is settled from outside, and whose rejection need not be looked at. */
export class Deferred<T> {
  resolve: (value: T) => void = () => undefined
  reject: (error: unknown) => void = () => undefined
  readonly promise = new Promise<T>((resolve, reject) => {
    this.resolve = resolve
    this.reject = reject
  })

  constructor() {
    this.promise.catch(() => undefined)
  }
}
