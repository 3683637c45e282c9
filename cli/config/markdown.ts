import { allSettings, type Setting } from './settings.js'

const BEGIN = '<!-- settings: made by `npm run docs` from cli/config/settings.ts -->'
const END = '<!-- end of settings -->'

/** The README's table of all settings. */
export function settingsMarkdown(): string {
  const rows = allSettings().map(([, setting]) => row(setting))
  return [
    '| variable | flag | type | default | what it is | used by |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n')
}

/** Puts the table between its two marks in a document. Throws when the marks are not there. */
export function replaceSettingsTable(document: string): string {
  const begin = document.indexOf(BEGIN)
  const end = document.indexOf(END)
  if (begin < 0 || end < begin) throw new Error(`the document lacks ${BEGIN} and ${END}`)
  const head = document.slice(0, begin + BEGIN.length)
  const table = `<!-- prettier-ignore-start -->\n\n${settingsMarkdown()}\n\n<!-- prettier-ignore-end -->`
  return `${head}\n${table}\n${document.slice(end)}`
}

function row(setting: Setting<unknown>): string {
  const flag = setting.flag === undefined ? '' : `\`--${setting.flag}\``
  const cells = [
    setting.secret === true ? `\`${setting.env}\`, \`..._FILE\`` : `\`${setting.env}\``,
    flag,
    setting.type.name,
    setting.defaultText ?? setting.default ?? '',
    setting.description,
    setting.scopes.join(', '),
  ]
  return `| ${cells.join(' | ')} |`
}
