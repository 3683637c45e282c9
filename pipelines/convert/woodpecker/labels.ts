import { quote } from '../../diagnostics/quote.js'
import type { Entry } from '../../parse/tree.js'
import type { Ledger } from '../change.js'
import { entryAt, mapAt, renamed, textOf } from '../nodes.js'
import { platformEntries } from '../platform.js'

/** Labels that Woodpecker's agents have by themselves; nothing of ours has them. */
const OF_AGENTS = ['backend', 'hostname', 'repo', 'org-id']

/**
 * `labels`: what a runner must have. `platform`, as a label or a key of its own, becomes the platform.
 * @param platform the old key `platform`
 */
export function convertLabels(
  labels: Entry | undefined,
  platform: Entry | undefined,
  ledger: Ledger,
): Entry[] {
  if (labels?.value.kind !== 'map') return platformEntries(platform, ledger)
  const set = [...labels.value.entries.values()].filter(({ value }) => (textOf(value) ?? '') !== '')
  const label = set.find(({ key }) => key === 'platform')
  const node = set.flatMap((entry) => nodeLabel(entry, ledger))
  const result = platformEntries(label ?? platform, ledger)
  if (node.length === 0) return result
  ledger.changed(labels.keySpan, '`labels` is called `node`')
  return [...result, entryAt('node', mapAt(node, labels.value.span), labels.keySpan)]
}

function nodeLabel(entry: Entry, ledger: Ledger): Entry[] {
  const { key, keySpan } = entry
  if (key === 'platform') return []
  // What every runner of ours does anyway.
  if (key === 'backend' && textOf(entry.value) === 'docker') return []
  if (OF_AGENTS.includes(key) || key.includes('woodpecker-ci.org')) {
    ledger.dropped(keySpan, `runners have no label ${quote(key)}`, 'choose a label with `node`')
    return []
  }
  return [renamed(entry, key)]
}
