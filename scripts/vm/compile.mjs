import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

/**
 * Makes a JavaScript file beside every TypeScript file below `directory`, with the settings that Jest has
 * here. In the guest, with its slow processor, nothing is compiled.
 */
export async function compileTree(directory, repository) {
  const require = createRequire(join(repository, 'package.json'))
  const { transformSync } = require('@swc/core')
  const { default: jest } = await import(join(repository, 'jest.config.mjs'))
  const [, options] = jest.transform['^.+\\.ts$']
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' })
  for (const name of names.filter((name) => /(?<!\.d)\.ts$/.test(name))) {
    const filename = join(directory, name)
    const { code } = transformSync(readFileSync(filename, 'utf8'), {
      ...options,
      filename,
      swcrc: false,
      sourceMaps: false,
    })
    writeFileSync(filename.replace(/\.ts$/, '.js'), code)
  }
}
