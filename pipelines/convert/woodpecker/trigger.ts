import type { Entry, MapNode, Node } from '../../parse/tree.js'
import type { Ledger } from '../change.js'
import { entryAt, itemsOf, listAt, mapAt, renamed, withValue } from '../nodes.js'
import { convertWhen } from './conditions.js'

/** `trigger`, of `when` and what older versions had beside it. At most one entry. */
export function triggerEntries(given: ReadonlyMap<string, Entry>, ledger: Ledger): Entry[] {
  const extra = olderConditions(given, ledger)
  const when = given.get('when')
  if (when === undefined) {
    const [first] = extra
    if (first === undefined) return []
    return [entryAt('trigger', mapAt(extra, first.value.span), first.keySpan)]
  }
  ledger.changed(when.keySpan, '`when` of a workflow is called `trigger`')
  const context = { ledger, possible: undefined, isWorkflow: true }
  return [withValue(renamed(when, 'trigger'), convertWhen(withExtra(when.value, extra), context))]
}

/** `runs_on` and `branches`. */
function olderConditions(given: ReadonlyMap<string, Entry>, ledger: Ledger): Entry[] {
  const runsOn = given.get('runs_on')
  const branches = given.get('branches')
  if (runsOn !== undefined) ledger.changed(runsOn.keySpan, '`runs_on` is called `trigger.status`')
  if (branches !== undefined) {
    ledger.check(branches.keySpan, '`branches` is called `trigger.branch`; Woodpecker ignores it')
  }
  return [
    ...(runsOn === undefined ? [] : [renamed(runsOn, 'status')]),
    ...(branches === undefined ? [] : [renamed(branches, 'branch')]),
  ]
}

/** Adds conditions to every set that says nothing of its own about them. */
function withExtra(when: Node, extra: readonly Entry[]): Node {
  if (extra.length === 0) return when
  const add = (set: Node): Node => (set.kind === 'map' ? addTo(set, extra) : set)
  return when.kind === 'list' ? listAt(itemsOf(when).map(add), when.span) : add(when)
}

function addTo(set: MapNode, extra: readonly Entry[]): MapNode {
  return mapAt([...extra, ...set.entries.values()], set.span)
}
