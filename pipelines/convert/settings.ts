import { quote } from '../diagnostics/quote.js'
import { NAME_LENGTH_MAX } from '../limits.js'
import type { Entry, Node } from '../parse/tree.js'
import type { Ledger } from './change.js'
import { isSecretReference } from './environment.js'
import { mapAt, renamed, withValue } from './nodes.js'

/** Settings by names that make the variables which Woodpecker makes: `.` and `-` become `_`. */
export function woodpeckerSettings(entry: Entry, ledger: Ledger): Entry {
  if (entry.value.kind !== 'map') return entry
  const entries = [...entry.value.entries.values()].map((setting) => {
    reportInnerSecrets(setting.value, ledger)
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

/** A secret can be a setting; inside of one it can't. */
function reportInnerSecrets(value: Node, ledger: Ledger, isInner = false): void {
  if (isSecretReference(value)) {
    if (!isInner) return
    const message = 'a secret inside of a list or mapping reaches the plugin as `from_secret` only'
    const hint = 'give the plugin the secret as a setting or variable of its own'
    ledger.dropped(value.span, message, hint)
  } else if (value.kind === 'list') {
    for (const item of value.items) reportInnerSecrets(item, ledger, true)
  } else if (value.kind === 'map') {
    for (const inner of value.entries.values()) reportInnerSecrets(inner.value, ledger, true)
  }
}
