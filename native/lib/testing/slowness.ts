import { it } from '@jest/globals'

/** How many times slower than usual this machine is, for tests that count what happens in a time. */
export const slowness = Number(process.env['SANDPIPER_TEST_SLOWNESS'] ?? 1)

/** A test of how fast something goes, or how time is shared out, which a much slower machine can't tell. */
export const itOnTime = slowness === 1 ? it : it.skip
