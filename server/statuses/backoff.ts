import { BACKOFF_MS, BACKOFF_MS_MAX } from './limits.js'

/**
 * Milliseconds to wait after so many failures in a row: they double, half of them is chance, so that what failed
 * together does not come back together; and not before the forge wants it.
 * @param random from 0 to 1
 */
export function backoffMs(failures: number, afterMs: number | null, random: number): number {
  const whole = Math.min(BACKOFF_MS_MAX, BACKOFF_MS * 2 ** Math.min(failures, 20))
  return Math.round(Math.max(afterMs ?? 0, whole / 2) + (whole / 2) * random)
}
