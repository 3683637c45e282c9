import type { Entry, MapNode, Node } from '../../parse/tree.js'
import { isNull } from '../../parse/tree.js'
import type { Ledger } from '../change.js'
import {
  entryAt,
  isTrue,
  itemsOf,
  listAt,
  mapAt,
  mapTexts,
  renamed,
  scalarAt,
  startOf,
  textOf,
  valueOf,
  withValue,
} from '../nodes.js'
import { didYouMean } from '../../diagnostics/did-you-mean.js'
import { quote } from '../../diagnostics/quote.js'

/** Names of events that the build of a workflow can have; undefined: any. */
export type PossibleEvents = ReadonlySet<string> | undefined

export interface ConditionContext {
  readonly ledger: Ledger
  /** Events that get as far as to this condition. */
  readonly possible: PossibleEvents
  /** Whether it is a workflow's: its matrix does not count then. */
  readonly isWorkflow: boolean
}

/**
 * `when` of a step or workflow: one set of conditions, or a list of sets of which one must hold.
 * Woodpecker does not look at `branch` for tags, nor at `cron` for anything but crons; where that makes
 * a difference the set is written as two.
 */
export function convertWhen(when: Node, context: ConditionContext): Node {
  if (when.kind === 'scalar') return when
  const sets = itemsOf(when).flatMap((item): readonly Node[] => {
    if (item.kind !== 'map') return isNull(item) ? [] : [item]
    return spread(convertSet(item, context), context)
  })
  const [only] = sets
  if (when.kind === 'map' && sets.length === 1 && only !== undefined) return only
  return listAt(sets, when.span)
}

/** The events that a converted condition can hold for. */
export function eventsOf(when: Node | undefined): PossibleEvents {
  const events = new Set<string>()
  if (when === undefined || isNull(when)) return undefined
  for (const set of itemsOf(when)) {
    const names = includedEvents(valueOf(set, 'event'))
    if (names === undefined) return undefined
    for (const name of names) events.add(name)
  }
  return events
}

/** Undefined when the node names no events, or only excludes some: then there is no telling. */
function includedEvents(event: Node | undefined): readonly string[] | undefined {
  const names = textsOf(event?.kind === 'map' ? valueOf(event, 'include') : event)
  const excluded = new Set(textsOf(valueOf(event, 'exclude')))
  return names.length === 0 ? undefined : names.filter((name) => !excluded.has(name))
}

function textsOf(node: Node | undefined): string[] {
  return itemsOf(node).flatMap((item) => textOf(item) ?? [])
}

const EVENTS: Readonly<Record<string, string>> = { manual: 'custom', deployment: 'promote' }

function eventName(text: string, { span }: Node, ledger: Ledger): string {
  const name = EVENTS[text]
  if (name === undefined) return text
  ledger.changed(span, `the event \`${text}\` is called \`${name}\``)
  return name
}

function convertSet(set: MapNode, context: ConditionContext): MapNode {
  const entries = [...set.entries.values()].flatMap((entry) => convertCondition(entry, context))
  return mapAt(entries, set.span)
}

const KNOWN = [
  'repo',
  'branch',
  'ref',
  'cron',
  'instance',
  'platform',
  'event',
  'status',
  'matrix',
  'path',
  'evaluate',
  'local',
]

function convertCondition(entry: Entry, { ledger, isWorkflow }: ConditionContext): Entry[] {
  const { key, keySpan, value } = entry
  if (isNull(value)) return []
  switch (key) {
    case 'event':
      return [
        withValue(
          entry,
          mapTexts(value, (text) => eventName(text, value, ledger)),
        ),
      ]
    case 'path':
      ledger.changed(keySpan, '`path` is called `paths`')
      return [renamed(entry, 'paths')]
    case 'paths':
    case 'target':
    case 'action':
      ledger.check(keySpan, `\`${key}\` is no condition of Woodpecker; it is one here`)
      return [entry]
    case 'environment':
      ledger.check(keySpan, '`environment` is called `target`')
      return [renamed(entry, 'target')]
    case 'tag':
      ledger.check(keySpan, '`tag` is said with `ref`')
      return [
        entryAt(
          'ref',
          mapTexts(value, (text) => `refs/tags/${text}`),
          keySpan,
        ),
      ]
    case 'local':
      if (isTrue(value)) ledger.changed(keySpan, '`local: true` is left out: steps run everywhere')
      else ledger.dropped(keySpan, '`local` has no effect: steps run everywhere')
      return []
    case 'matrix':
      if (!isWorkflow) return [entry]
      ledger.changed(keySpan, 'Woodpecker ignores `matrix` here: it is left out')
      return []
    default:
      if (KNOWN.includes(key)) return [entry]
      ledger.dropped(keySpan, `there is no condition ${quote(key)}`, () => didYouMean(key, KNOWN))
      return []
  }
}

/** A set in as many sets as it takes to look at `branch` and `cron` only where Woodpecker does. */
function spread(set: MapNode, { possible }: ConditionContext): MapNode[] {
  return splitBy(set, 'branch', possible, (event) => event !== 'tag', 'tag').flatMap((part) =>
    splitBy(part, 'cron', possible, (event) => event === 'cron', 'cron'),
  )
}

/**
 * Splits a set by whether the condition on `key` is looked at.
 * @param counts tells of an event whether it is
 * @param special the one event that is unlike the others
 */
function splitBy(
  set: MapNode,
  key: 'branch' | 'cron',
  possible: PossibleEvents,
  counts: (event: string) => boolean,
  special: string,
): MapNode[] {
  const condition = set.entries.get(key)
  if (condition === undefined) return [set]
  const event = set.entries.get('event')
  const named = includedEvents(event?.value)
  const events = named ?? (possible === undefined ? undefined : [...possible])
  const rest = [...set.entries.values()].filter((entry) => entry !== condition)
  if (events === undefined) return splitUnnamed(set, rest, special, counts(special))
  const looked = events.filter(counts)
  if (looked.length === events.length) return [set]
  if (looked.length === 0) return [mapAt(rest, set.span)]
  const others = events.filter((one) => !counts(one))
  return [withEvents([...set.entries.values()], looked, set), withEvents(rest, others, set)]
}

function splitUnnamed(
  set: MapNode,
  rest: readonly Entry[],
  special: string,
  specialCounts: boolean,
): MapNode[] {
  const all = [...set.entries.values()]
  const event = set.entries.get('event')?.value
  const excluded = textsOf(valueOf(event, 'exclude'))
  if (excluded.includes(special)) return [specialCounts ? mapAt(rest, set.span) : set]
  const [inSpecial, inOthers] = specialCounts ? [all, rest] : [rest, all]
  const parts = [withoutEvents(inOthers, [...excluded, special], set)]
  parts.push(withEvents(inSpecial, [special], set))
  return specialCounts ? parts.reverse() : parts
}

function withEvents(entries: readonly Entry[], events: readonly string[], set: MapNode): MapNode {
  return eventSet(entries, set, (node) => textList(events, node))
}

function withoutEvents(
  entries: readonly Entry[],
  events: readonly string[],
  set: MapNode,
): MapNode {
  return eventSet(entries, set, (node) =>
    mapAt([entryAt('exclude', textList(events, node), node.span)], node.span),
  )
}

function eventSet(entries: readonly Entry[], set: MapNode, make: (node: Node) => Node): MapNode {
  const event = set.entries.get('event')
  const made = entryAt('event', make(event?.value ?? set), event?.keySpan ?? startOf(set))
  return mapAt([made, ...entries.filter(({ key }) => key !== 'event')], set.span)
}

/** One text stands without a list, as people write it. */
function textList(texts: readonly string[], node: Node): Node {
  const nodes = texts.map((text) => scalarAt(text, node.kind === 'map' ? startOf(node) : node.span))
  const [first] = nodes
  return nodes.length === 1 && first !== undefined ? first : listAt(nodes, node.span)
}
