import base from '/repo/jest.config.mjs'

/** Jest's settings in the guest: the repository's, for sources that are compiled already. */
export default {
  ...base,
  rootDir: '/repo',
  testMatch: ['**/*.test.js'],
  moduleNameMapper: {},
  transform: {},
  reporters: ['/vm/reporter.mjs'],
}
