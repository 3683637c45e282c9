import { setTimeout as sleep } from 'node:timers/promises'

/** Waits until `probe` gives something that is true, and gives that. The test's own time limit ends it. */
export async function until<T>(
  probe: () => T | Promise<T>,
): Promise<Exclude<T, null | undefined | false>> {
  for (;;) {
    const value = await probe()
    if (value) return value as Exclude<T, null | undefined | false>
    await sleep(10)
  }
}
