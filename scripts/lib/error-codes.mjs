import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { isPipelineCode, pipelineCodeLines } from './pipeline-codes.mjs'

const ROOMS = ['cli', 'git', 'native/lib', 'pipelines', 'protocol', 'runner', 'server']
const CODE = /^SP_[A-Z0-9]+_[A-Z0-9_]+$/

/**
 * Finds every error code in the sources, with what can be read beside it: the message, the hint, or the text that
 * a table has for it. @returns a map code -> {messages, hints}, sorted by code
 */
export function collectErrorCodes(root) {
  const found = new Map()
  for (const file of sourceFiles(root)) {
    const text = readFileSync(file, 'utf8')
    if (!text.includes('SP_')) continue
    visit(ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true), found)
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** docs/errors.md as text. */
export function errorsMarkdown(root) {
  const lines = [
    '<!-- Made by `npm run docs` from the sources. -->',
    '',
    '# Errors',
    '',
    'Every error that people meet has a stable code: match on it, not on the message. Messages are shown as they',
    'stand in the sources, with `…` for what is filled in.',
  ]
  let area = ''
  for (const [code, { messages, hints }] of collectErrorCodes(root)) {
    const own = code.split('_')[1]
    if (own !== area) lines.push('', `## ${own}`)
    area = own
    lines.push('', `### ${code}`, '')
    if (isPipelineCode(code)) {
      lines.push(...pipelineCodeLines(code))
      continue
    }
    lines.push(...[...messages].map((message) => `- ${message}`))
    lines.push(...[...hints].map((hint) => `- To do: ${hint}`))
    if (messages.size + hints.size === 0) lines.push('- See the message.')
  }
  return `${lines.join('\n')}\n`
}

function sourceFiles(root) {
  return ROOMS.flatMap((room) => {
    const names = readdirSync(join(root, room), { recursive: true, encoding: 'utf8' })
    return names
      .filter(
        (name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !/\btesting\b/.test(name),
      )
      .sort()
      .map((name) => join(root, room, name))
  })
}

function visit(node, found) {
  if (ts.isStringLiteral(node) && CODE.test(node.text)) note(node, node.text, found)
  if (ts.isPropertyAssignment(node) && ts.isIdentifier(node.name) && CODE.test(node.name.text)) {
    noteRow(node, found)
  }
  ts.forEachChild(node, (child) => visit(child, found))
}

/** A code that is an argument of a call, or a property `code`, has its message and hint beside it. */
function note(node, code, found) {
  const entry = entryOf(code, found)
  const { parent } = node
  if (ts.isNewExpression(parent) || ts.isCallExpression(parent)) {
    const rest = parent.arguments.slice(parent.arguments.indexOf(node) + 1)
    for (const argument of rest) {
      const text = templateText(argument)
      if (text !== '' && entry.messages.size < 4 && argument === rest.find(isText))
        entry.messages.add(text)
      if (ts.isObjectLiteralExpression(argument)) addHint(argument, entry)
    }
  } else if (ts.isPropertyAssignment(parent) && ts.isObjectLiteralExpression(parent.parent)) {
    addProperty(parent.parent, ['message', 'what'], entry.messages)
    addHint(parent.parent, entry)
  }
}

/** `CODE: 'text'` or `CODE: { title: 'text' }` in a table. */
function noteRow(node, found) {
  const entry = entryOf(node.name.text, found)
  const text = templateText(node.initializer)
  if (text !== '') entry.messages.add(text)
  if (ts.isObjectLiteralExpression(node.initializer))
    addProperty(node.initializer, ['title'], entry.messages)
}

function entryOf(code, found) {
  const entry = found.get(code) ?? { messages: new Set(), hints: new Set() }
  found.set(code, entry)
  return entry
}

function addHint(object, entry) {
  addProperty(object, ['hint'], entry.hints)
}

function addProperty(object, names, set) {
  for (const property of object.properties) {
    if (!ts.isPropertyAssignment(property) || !names.includes(property.name.getText())) continue
    const text = templateText(property.initializer)
    if (text !== '') set.add(text)
  }
}

function isText(node) {
  return templateText(node) !== ''
}

/** Text of a string, template or concatenation of them, `…` for what is filled in; empty for anything else. */
function templateText(node) {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return escape(node.text)
  if (ts.isTemplateExpression(node)) {
    const spans = node.templateSpans.map((span) => `…${span.literal.text}`)
    return escape(node.head.text + spans.join(''))
  }
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    return `${templateText(node.left)}${templateText(node.right)}`
  }
  return ''
}

function escape(text) {
  return text.replace(/\s+/g, ' ').replace(/[<>*|]/g, '\\$&')
}
