import base from '../../jest.config.mjs'

// The tests of what reads and writes the database, once more, on Postgres.
process.env.SANDPIPER_TEST_STORE = 'postgres'

export default {
  ...base,
  rootDir: '../..',
  testMatch: `store scheduling builds uplink ingest http logs secrets statuses`
    .split(' ')
    .map((room) => `<rootDir>/server/${room}/**/*.test.ts`),
}
