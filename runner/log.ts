/** What the runner tells its operator through; pino's loggers fit. Object first, message second. */
export interface RunnerLog {
  info(facts: object, message: string): void
  warn(facts: object, message: string): void
  error(facts: object, message: string): void
}

/** A log that says nothing. */
export const silentLog: RunnerLog = {
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
}
