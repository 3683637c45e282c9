#!/usr/bin/env node
// `npm run docs`: writes the generated parts of the documents. `--check` only tells whether they are current.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as prettier from 'prettier'
import { replaceSettingsTable } from '../dist/cli/config/markdown.js'
import { accessPage } from './lib/access.mjs'
import { batteryMarkdown } from './lib/battery.mjs'
import { errorsMarkdown } from './lib/error-codes.mjs'
import { referencePages, stalePages } from './lib/reference.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const check = process.argv.includes('--check')

await update('README.md', (text) => replaceSettingsTable(text))
await update('docs/errors.md', () => errorsMarkdown(root))
const access = await accessPage()
await update('docs/access.md', () => access)
await update('docs/security-battery.md', () => batteryMarkdown())
for (const [name, text] of reference()) await update(name, () => text)
for (const name of stalePages(root)) remove(name)

/** What is wrong with the parts is for people, without where it was thrown. */
function reference() {
  try {
    return referencePages(root)
  } catch (error) {
    complain(error.message, 'CONTRIBUTING.md says what the reference is made of')
    return []
  }
}

async function update(name, change) {
  const file = join(root, name)
  const before = readText(file)
  const options = (await prettier.resolveConfig(file)) ?? {}
  const after = await prettier.format(change(before), { ...options, filepath: file })
  if (after === before) return
  if (check) {
    complain(`${name} is not current`)
    return
  }
  writeFileSync(file, after)
  console.error(`wrote ${name}`)
}

function remove(name) {
  if (check) {
    complain(`${name} is made from nothing any more`)
    return
  }
  rmSync(join(root, name))
  console.error(`removed ${name}`)
}

function complain(message, hint = 'npm run docs') {
  console.error(`error: ${message}\nhint: ${hint}`)
  process.exitCode = 1
}

function readText(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
