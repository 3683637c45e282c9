#!/usr/bin/env node
// `npm run docs`: writes the generated parts of the documents. `--check` only tells whether they are current.
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as prettier from 'prettier'
import { replaceSettingsTable } from '../dist/cli/config/markdown.js'
import { errorsMarkdown } from './lib/error-codes.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const check = process.argv.includes('--check')

await update('README.md', (text) => replaceSettingsTable(text))
await update('docs/errors.md', () => errorsMarkdown(root))

async function update(name, change) {
  const file = join(root, name)
  const before = readText(file)
  const options = (await prettier.resolveConfig(file)) ?? {}
  const after = await prettier.format(change(before), { ...options, filepath: file })
  if (after === before) return
  if (check) {
    console.error(`error: ${name} is not current\nhint: npm run docs`)
    process.exitCode = 1
    return
  }
  writeFileSync(file, after)
  console.error(`wrote ${name}`)
}

function readText(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
