// Jest runs our ES modules as CommonJS through SWC: its own ES module mode leaks memory on Node 20.
const swc = (syntax) => [
  '@swc/jest',
  { jsc: { target: 'es2022', parser: { syntax } }, module: { type: 'commonjs' } },
]
/** How many times slower than usual this machine is: an emulated one, or one with sanitizers. */
const slowness = Number(process.env.SANDPIPER_TEST_SLOWNESS ?? 1)
const esmOnly = [
  'typebox',
  '@fastify/type-provider-typebox',
  'openid-client',
  'oauth4webapi',
  'jose',
  's3mini',
]

export default {
  testEnvironment: 'node',
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  coverageProvider: 'v8',
  workerIdleMemoryLimit: '512MB',
  testTimeout: 30_000 * slowness,
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': ['$1', '$1.js'] },
  transform: { '^.+\\.ts$': swc('typescript'), '^.+\\.m?js$': swc('ecmascript') },
  transformIgnorePatterns: [`/node_modules/(?!(${esmOnly.join('|')})/)`],
}
