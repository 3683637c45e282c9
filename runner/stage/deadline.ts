/** Longest time that setTimeout takes, in milliseconds; it fires at once for more. */
export const TIMER_MS_MAX = 0x7fffffff

/** Calls `onTime` after `limitMs` milliseconds, or after 24 days where that is less. */
export function armDeadline(limitMs: number, onTime: () => void): NodeJS.Timeout {
  return setTimeout(onTime, Math.min(limitMs, TIMER_MS_MAX))
}
