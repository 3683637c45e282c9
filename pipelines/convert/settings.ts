import { quote } from '../diagnostics/quote.js'
import { NAME_LENGTH_MAX } from '../limits.js'
import type { Entry } from '../parse/tree.js'
import type { Ledger } from './change.js'
import { mapAt, renamed, withValue } from './nodes.js'

/** Settings by names that make the variables which Woodpecker makes: `.` and `-` become `_`. */
export function woodpeckerSettings(entry: Entry, ledger: Ledger): Entry {
  if (entry.value.kind !== 'map') return entry
  const entries = [...entry.value.entries.values()].map((setting) => {
    const name = variableName(setting.key)
    if (name === setting.key) return setting
    ledger.changed(setting.keySpan, `the setting ${quote(setting.key)} is written ${quote(name)}`)
    return renamed(setting, name)
  })
  return withValue(entry, mapAt(entries, entry.value.span))
}

/** A name that is too long is left to be refused: aliases could make much work of it. */
function variableName(key: string): string {
  return key.length > NAME_LENGTH_MAX ? key : key.replace(/[.-]/g, '_')
}
