import type { Entry, Node } from '../parse/tree.js'
import type { Ledger } from './change.js'
import { isSecretReference } from './environment.js'
import { mapAt, renamed, withValue } from './nodes.js'

/** Settings by names that make the variables which Woodpecker makes: `.` and `-` become `_`. */
export function woodpeckerSettings(entry: Entry, ledger: Ledger): Entry {
  if (entry.value.kind !== 'map') return entry
  const entries = [...entry.value.entries.values()].map((setting) => {
    reportInnerSecrets(setting.value, ledger)
    const name = setting.key.replace(/[.-]/g, '_')
    if (name === setting.key) return setting
    ledger.changed(setting.keySpan, `the setting \`${setting.key}\` is written \`${name}\``)
    return renamed(setting, name)
  })
  return withValue(entry, mapAt(entries, entry.value.span))
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
