import { quote } from '../diagnostics/quote.js'
import type { Entry } from '../parse/tree.js'
import type { Ledger } from './change.js'
import { entryAt, mapAt, scalarAt, textOf } from './nodes.js'

/** `platform: linux/arm/v7` as a mapping. */
export function platformEntries(entry: Entry | undefined, ledger: Ledger): Entry[] {
  if (entry === undefined) return []
  const text = textOf(entry.value)
  if (text === undefined) return entry.value.kind === 'map' ? [entry] : []
  const { span } = entry.value
  const parts = VARIABLE.test(text) ? variableParts(text) : text.split('/')
  if (!text.includes('/') && !VARIABLE.test(text)) {
    ledger.dropped(span, `the platform ${quote(text)} is not understood`, 'write `linux/amd64`')
    return []
  }
  const names = ['os', 'arch', 'variant']
  const entries = parts
    .slice(0, names.length)
    .flatMap((part, index) =>
      part === '*' ? [] : [entryAt(names[index] ?? '', scalarAt(part, span), span)],
    )
  if (entries.length === 0) return []
  ledger.changed(entry.keySpan, 'the platform is said with `platform.os` and `platform.arch`')
  return [entryAt('platform', mapAt(entries, span), entry.keySpan)]
}

const VARIABLE = /^\$\{[A-Za-z_][A-Za-z0-9_]*\}$/

/** `${platform}`, of a matrix: what is before the slash, and what is after it. */
function variableParts(text: string): string[] {
  const name = text.slice('${'.length, -'}'.length)
  return [`\${${name}%%/*}`, `\${${name}#*/}`]
}
