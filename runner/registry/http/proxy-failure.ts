/** What the proxy, or the way to it, made fail. */
export class ProxyFailure extends Error {
  /** Status of its answer; null where there was none. */
  readonly status: number | null
  /** Whether credentials were sent to it. */
  readonly hadCredentials: boolean

  constructor(options: {
    readonly status?: number
    readonly hadCredentials?: boolean
    readonly cause?: unknown
  }) {
    super('the proxy failed', 'cause' in options ? { cause: options.cause } : {})
    this.status = options.status ?? null
    this.hadCredentials = options.hadCredentials ?? false
  }
}
