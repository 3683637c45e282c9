#!/usr/bin/env node
// `npm run docs`: writes the generated parts of the documents. Tests hold them to what this would write.
import { readFileSync, writeFileSync } from 'node:fs'
import { replaceSettingsTable } from '../dist/cli/config/markdown.js'

const readme = new URL('../README.md', import.meta.url)
writeFileSync(readme, replaceSettingsTable(readFileSync(readme, 'utf8')))
