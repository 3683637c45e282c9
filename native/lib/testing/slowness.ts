/** How many times slower than usual this machine is, for tests that count what happens in a time. */
export const slowness = Number(process.env['SANDPIPER_TEST_SLOWNESS'] ?? 1)
