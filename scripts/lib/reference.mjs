import { readdirSync, readFileSync } from 'node:fs'
import { join, parse } from 'node:path'
import { FUNCTION_NAMES } from '../../dist/pipelines/expressions/functions.js'
import { VARIABLES } from '../../dist/pipelines/environment/variables.js'
import * as LIMITS from '../../dist/pipelines/limits.js'
import { keyTables } from './reference-keys.mjs'
import { fence, keySections, keyTable, table } from './reference-markdown.mjs'

const PARTS = 'scripts/reference'
const PAGES = 'docs/pipeline'

/**
 * The pages of the reference of the language: the parts of scripts/reference with what their marks stand for, taken
 * from the sources.
 * @returns a map file name -> text, with a comment in place of what prettier is to leave alone
 * @throws Error when a mark means nothing, or when a key or an example is on no page
 */
export function referencePages(root) {
  const book = { root, tables: keyTables(), shown: new Set(), names: pageNames(root) }
  const pages = new Map(book.names.map((name) => [`${PAGES}/${name}`, page(name, book)]))
  refuseForgotten(book)
  return pages
}

/** Pages that are there and should not be. */
export function stalePages(root) {
  const names = pageNames(root)
  return readdirSync(join(root, PAGES))
    .filter((name) => name.endsWith('.md') && !names.includes(name))
    .map((name) => `${PAGES}/${name}`)
}

function pageNames(root) {
  return readdirSync(join(root, PARTS)).filter((name) => name.endsWith('.md'))
}

const MARK = /<!-- ([a-z]+)(?:: (.*?))? -->/g

function page(name, book) {
  const text = readFileSync(join(book.root, PARTS, name), 'utf8')
  const filled = text.replace(MARK, (mark, kind, argument = '') => {
    const fill = FILLINGS[kind]
    if (fill === undefined) throw new Error(`${PARTS}/${name}: ${mark} means nothing`)
    return fill(argument.split(' '), book, name)
  })
  return `<!-- Made by \`npm run docs\` from ${PARTS}/${name} and pipelines/. Change those. -->\n\n${filled}`
}

const FILLINGS = {
  /** `keys: step name image`: sections for these keys of a table; without keys for all that are not said before. */
  keys: ([name, ...chosen], book) => keySections(take(name, chosen, book)),
  /** `table: step.retry`: the same as a table. */
  table: ([name, ...chosen], book) => `${caption(name)}${keyTable(take(name, chosen, book))}`,
  /** `example: matrix`: a file of docs/pipeline/examples. */
  example: ([name], book) => {
    book.shown.add(`example ${name}`)
    const file = `examples/${name}.yml`
    const source = readFileSync(join(book.root, PAGES, file), 'utf8')
    return `[${file}](${file}):\n\n${fence(source)}`
  },
  /** `variables: drone step`: the variables of an origin that are known then. */
  variables: ([origin, known]) =>
    table(
      ['variable', 'what it holds', 'set when'],
      VARIABLES.filter((one) => one.origin === origin && one.known === known).map((one) => [
        `\`${one.name}\``,
        one.description,
        one.when,
      ]),
    ),
  /** `limits: MATRIX_MAX combinations of a matrix; ...`: a row for each. */
  limits: (words) => limitsTable(words.join(' ')),
  functions: () => FUNCTION_NAMES.map((name) => `\`${name}\``).join(', '),
  pages: (_, book) => pageList(book),
}

/** Says what a table below another one is of. */
function caption(name) {
  const [, ...keys] = name.split('.')
  return keys.length === 0 ? '' : `Keys of \`${keys.at(-1)}\`:\n\n`
}

/** Rows of a table that no page has shown before, in the order that is asked for. */
function take(name, chosen, { tables, shown }) {
  const rows = tables.get(name)
  if (rows === undefined) throw new Error(`there is no table of keys ${name}`)
  const wanted = chosen.length > 0 ? chosen : rows.map((row) => row.name)
  const known = new Map(rows.map((row) => [row.name, row]))
  const taken = wanted.filter((key) => chosen.length > 0 || !shown.has(`${name}.${key}`))
  for (const key of taken) {
    if (!known.has(key)) throw new Error(`the table ${name} has no key ${key}`)
    shown.add(`${name}.${key}`)
  }
  return taken.map((key) => known.get(key))
}

function refuseForgotten({ root, tables, shown }) {
  const keys = [...tables].flatMap(([name, rows]) => rows.map((row) => `${name}.${row.name}`))
  const examples = readdirSync(join(root, PAGES, 'examples'), { recursive: true })
    .filter((file) => file.endsWith('.yml'))
    .map((file) => `example ${file.slice(0, -'.yml'.length)}`)
  const forgotten = [...keys, ...examples].filter((one) => !shown.has(one))
  if (forgotten.length === 0) return
  throw new Error(`no page of the reference shows ${forgotten.join(', ')}`)
}

function limitsTable(words) {
  const rows = words.split(/;\s*/).map((entry) => {
    const [name, ...meaning] = entry.split(' ')
    if (LIMITS[name] === undefined) throw new Error(`there is no limit ${name}`)
    return [meaning.join(' '), LIMITS[name].toLocaleString('en-US')]
  })
  return table(['what', 'at most'], rows)
}

/** Links to all pages but the first one, with their first sentence. */
function pageList({ root, names }) {
  const order = readFileSync(join(root, PARTS, 'order.txt'), 'utf8')
    .trim()
    .split('\n')
  const missing = names.filter((name) => name !== 'README.md' && !order.includes(parse(name).name))
  if (missing.length > 0) throw new Error(`${PARTS}/order.txt lacks ${missing.join(', ')}`)
  return order
    .map((name) => {
      const text = readFileSync(join(root, PARTS, `${name}.md`), 'utf8')
      const [, title, about] = /^# (.+)\n\n([^]+?)\n\n/.exec(text) ?? []
      return `- [${title}](${name}.md): ${about.replace(/\n/g, ' ')}`
    })
    .join('\n')
}
