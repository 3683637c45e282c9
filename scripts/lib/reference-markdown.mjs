import { valueWords } from './reference-values.mjs'

/** A section for each key: what it holds, its default, what it does, and an example. */
export function keySections(rows) {
  return rows.map(section).join('\n\n')
}

function section(row) {
  const { name, description, example } = row
  const facts = [`Value: ${valueWords(row.schema)}.`, `${defaultFact(row)}`, `${originFact(row)}`]
  const lines = [
    `### \`${name}\``,
    '',
    description,
    '',
    facts.filter((fact) => fact !== '').join(' '),
  ]
  if (example !== undefined) lines.push('', fence(example))
  return lines.join('\n')
}

function defaultFact({ fallback, isRequired }) {
  if (isRequired) return 'Required.'
  return fallback === undefined ? '' : `Default: \`${fallback}\`.`
}

function originFact({ origin }) {
  return origin === 'sandpiper' ? 'Drone does not have it.' : ''
}

/** A row for each key. */
export function keyTable(rows) {
  const cells = rows.map((row) => [
    `\`${row.name}\``,
    valueWords(row.schema),
    row.isRequired ? 'required' : row.fallback === undefined ? '' : `\`${row.fallback}\``,
    row.description,
  ])
  return table(['key', 'value', 'default', 'meaning'], cells)
}

/** A Markdown table; `|` in cells is escaped. */
export function table(head, rows) {
  const line = (cells) => `| ${cells.map((cell) => cell.replace(/\|/g, '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

/** YAML as a block of code. */
export function fence(yaml) {
  return `\`\`\`yaml\n${yaml.trimEnd()}\n\`\`\``
}
