import { join } from 'node:path'
import { tmpdir } from 'node:os'
import base from '../../jest.config.mjs'

const transform = join(import.meta.dirname, 'transform.cjs')

export default {
  ...base,
  rootDir: join(import.meta.dirname, '../..'),
  cacheDirectory: join(tmpdir(), 'jest'),
  transform: { '^.+\\.ts$': transform, '^.+\\.m?js$': transform },
}
