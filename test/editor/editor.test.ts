import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { LanguageServer } from '../support/language-server.js'
import { ROOT } from '../support/root.js'

/** What an editor with the YAML language server makes of the schema in the package. */
const SCHEMA = pathToFileURL(path.join(ROOT, 'pipelines/schema/pipeline.schema.json')).href

const TEXT = `# yaml-language-server: $schema=${SCHEMA}
kind: pipeline
name: default
steps:
  - name: test
    image: busybox
    timeout: 10m
    re
`

const server = new LanguageServer()
const textDocument = { uri: 'file:///repo/.pipeline.yml', languageId: 'yaml', version: 1 }

beforeAll(async () => {
  await server.start()
  server.tell('textDocument/didOpen', { textDocument: { ...textDocument, text: TEXT } })
})

afterAll(() => server.end())

/** The place right behind a text of the file. */
function behind(text: string): { line: number; character: number } {
  const before = TEXT.slice(0, TEXT.lastIndexOf(text) + text.length).split('\n')
  return { line: before.length - 1, character: (before.at(-1) ?? '').length }
}

describe('an editor', () => {
  it('completes the keys of a step, and says what they are', async () => {
    const position = behind('    re')
    const found = (await server.ask('textDocument/completion', { textDocument, position })) as {
      items: { label: string; documentation: string }[]
    }
    const keys = new Map(found.items.map(({ label, documentation }) => [label, documentation]))
    expect(keys.get('retry')).toBe('How often a step that failed is tried again.')
    expect(keys.get('resources')).toContain('Limits of this step')
    expect([...keys.keys()]).toEqual(expect.arrayContaining(['commands', 'when', 'healthcheck']))
    expect(keys.has('timeout')).toBe(false)
    expect([...keys].filter(([, documentation]) => documentation === '')).toEqual([])
  })

  it('shows what a key means', async () => {
    const position = behind('    time')
    const hover = (await server.ask('textDocument/hover', { textDocument, position })) as {
      contents: { value: string }
    }
    expect(hover.contents.value).toContain('Time that one try of the step may take, with its unit.')
  })
})
