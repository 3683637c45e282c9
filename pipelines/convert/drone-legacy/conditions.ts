import { didYouMean } from '../../diagnostics/did-you-mean.js'
import { quote } from '../../diagnostics/quote.js'
import type { Entry, Node } from '../../parse/tree.js'
import { isNull } from '../../parse/tree.js'
import type { Ledger } from '../change.js'
import {
  isTrue,
  itemsOf,
  listAt,
  mapAt,
  mapTexts,
  renamed,
  scalarAt,
  textOf,
  withValue,
} from '../nodes.js'

const SAME = ['branch', 'instance', 'matrix', 'platform', 'ref', 'repo']

/** `when` of Drone 0.8 in our words. */
export function convertConditions(when: Node, ledger: Ledger): Node {
  if (when.kind === 'scalar') return when
  if (when.kind === 'list') {
    return listAt(
      when.items.map((item) => convertConditions(item, ledger)),
      when.span,
    )
  }
  const entries = [...when.entries.values()]
  return mapAt(
    entries.flatMap((entry) => (isNull(entry.value) ? [] : convertCondition(entry, ledger))),
    when.span,
  )
}

function convertCondition(entry: Entry, ledger: Ledger): Entry[] {
  const { key, keySpan, value } = entry
  switch (key) {
    case 'event':
      return [
        withValue(
          entry,
          mapTexts(value, (text) => eventName(text, value, ledger)),
        ),
      ]
    case 'environment':
      ledger.changed(keySpan, '`environment` of `when` is called `target`')
      return [renamed(entry, 'target')]
    case 'status':
      return [withValue(entry, convertStatus(value, ledger))]
    case 'local':
      if (isTrue(value)) ledger.changed(keySpan, '`local: true` is left out: steps run everywhere')
      else ledger.dropped(keySpan, '`local` has no effect: steps run everywhere')
      return []
    default:
      if (SAME.includes(key)) return [entry]
      ledger.dropped(keySpan, `Drone 0.8 has no condition ${quote(key)}`, () =>
        didYouMean(key, [...SAME, 'event', 'environment', 'status']),
      )
      return []
  }
}

function eventName(text: string, { span }: Node, ledger: Ledger): string {
  if (text !== 'deployment') return text
  ledger.changed(span, 'the event `deployment` is called `promote`')
  return 'promote'
}

/** `changed` had no meaning in 0.8 any more; alone it is taken for what it once meant, nearly. */
function convertStatus(value: Node, ledger: Ledger): Node {
  const items = itemsOf(value)
  const kept = items.filter((item) => textOf(item) !== 'changed')
  if (value.kind === 'map' || kept.length === items.length) return value
  if (kept.length > 0) {
    ledger.dropped(value.span, 'there is no status `changed`: it is left out')
    return listAt(kept, value.span)
  }
  ledger.dropped(value.span, 'there is no status `changed`: the step runs whatever the status is')
  return listAt([scalarAt('success', value.span), scalarAt('failure', value.span)], value.span)
}
