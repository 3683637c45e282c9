import { quote } from '../../diagnostics/quote.js'
import type { Entry, Node } from '../../parse/tree.js'
import type { Ledger } from '../change.js'
import { entryAt, mapAt, textOf, valueOf } from '../nodes.js'

/** `backend_options`: a user for Docker, and the limits of Kubernetes; the rest has no meaning here. */
export function backendOptions(entry: Entry, ledger: Ledger): Entry[] {
  const { value } = entry
  const user = valueOf(valueOf(value, 'docker'), 'user')
  const limits = limitEntries(valueOf(valueOf(value, 'kubernetes'), 'resources'))
  const made = [
    ...(user === undefined ? [] : [entryAt('user', user, entry.keySpan)]),
    ...(limits.length === 0
      ? []
      : [entryAt('resources', mapAt(limits, value.span), entry.keySpan)]),
  ]
  if (made.length > 0) {
    ledger.changed(entry.keySpan, '`backend_options` is said with `user` and `resources`')
  }
  reportRest(value, limits.length > 0, ledger)
  return made
}

function limitEntries(resources: Node | undefined): Entry[] {
  const limits = valueOf(resources, 'limits')
  if (limits?.kind !== 'map') return []
  return [...limits.entries.values()].flatMap((entry) => {
    if (textOf(entry.value) === undefined) return []
    return entry.key === 'cpu' || entry.key === 'memory' ? [entry] : []
  })
}

function reportRest(options: Node, hasLimits: boolean, ledger: Ledger): void {
  if (options.kind !== 'map') return
  for (const { key: backend, keySpan, value } of options.entries.values()) {
    if (value.kind !== 'map') {
      ledger.dropped(keySpan, `${quote(backend)} has no effect here`)
      continue
    }
    for (const { key, keySpan: span } of value.entries.values()) {
      if (backend === 'docker' && key === 'user') continue
      if (backend === 'kubernetes' && key === 'resources' && hasLimits) continue
      ledger.dropped(span, `${quote(key)} of ${quote(backend)} has no effect here`)
    }
  }
}
