import { quote } from '../diagnostics/quote.js'
import { NAME_LENGTH_MAX } from '../limits.js'
import type { Entry, MapNode, Node } from '../parse/tree.js'
import { isNull } from '../parse/tree.js'
import type { Ledger } from './change.js'
import type { StepDraft } from './groups.js'
import { entryAt, isTrue, mapAt, scalarAt, textOf, valueOf } from './nodes.js'
import { type NamedStep, namedSteps } from './steps.js'

/** What a `clone` section becomes: how our checkout is done, and steps that clone in their own way. */
export interface CloneParts {
  readonly entries: readonly Entry[]
  readonly steps: readonly StepDraft[]
}

export interface CloneContext {
  readonly ledger: Ledger
  readonly draft: (step: NamedStep) => StepDraft
  /** The settings of a step that clones. */
  readonly settings: (step: MapNode) => readonly Entry[]
}

/**
 * Converts `clone`. The plugins that other tools clone with are not needed: Sandpiper checks out by
 * itself. Steps that do anything else stay steps.
 */
export function convertClone(whole: Entry, context: CloneContext): CloneParts {
  const { ledger } = context
  const all = namedSteps(whole.value, (index) => `clone-${index}`)
  const isPlain = ({ node }: NamedStep): boolean =>
    node.kind === 'map' && isPlainClone(node, context.settings(node))
  const [plain, ...more] = all.filter(isPlain)
  for (const { nameEntry } of more) {
    ledger.dropped(nameEntry.keySpan, 'the commit is checked out once; this is left out')
  }
  const steps = all.filter((step) => !isPlain(step)).map(context.draft)
  if (plain?.node.kind === 'map') {
    return { entries: cloneEntry(whole, context.settings(plain.node), ledger), steps }
  }
  if (steps.length === 0) return { entries: [], steps }
  ledger.check(whole.keySpan, 'steps of `clone` are the first of `steps`, without the credentials')
  return { entries: [noClone(whole)], steps }
}

/** The images that other tools clone with. */
const CLONE_IMAGE = /(^|\/)(plugin-git|drone-git|git-clone|plugins\/(drone-)?git)(:[^/]*)?$/

function isCloneImage(image: string): boolean {
  return image.length <= NAME_LENGTH_MAX && CLONE_IMAGE.test(image)
}

function isPlainClone(step: MapNode, settings: readonly Entry[]): boolean {
  const image = textOf(valueOf(step, 'image'))
  if (image !== undefined && !isCloneImage(image)) return false
  if (['commands', 'entrypoint'].some((key) => step.entries.has(key))) return false
  return !settings.some(({ key }) => ELSEWHERE.includes(key))
}

/** Settings that make it clone something else, or another commit. */
const ELSEWHERE = ['remote', 'branch', 'ref', 'sha', 'target_branch']

/** `clone` with what of these settings our checkout knows. */
function cloneEntry(whole: Entry, settings: readonly Entry[], ledger: Ledger): Entry[] {
  const known = settings.flatMap((setting) => knownSetting(setting, ledger))
  const partial = settings.find(({ key }) => key === 'partial')
  // With `partial: false` it fetches all of the history unless told how much of it.
  if (textOf(partial?.value) === 'false' && !known.some(({ key }) => key === 'depth')) {
    known.push(entryAt('depth', scalarAt(0, whole.value.span), whole.keySpan))
  }
  ledger.changed(whole.keySpan, 'Sandpiper checks out by itself; `clone` says how')
  if (known.length === 0) return []
  return [entryAt('clone', mapAt(known, whole.value.span), whole.keySpan)]
}

/** `clone: {disable: true}` */
export function noClone({ keySpan, value }: Entry): Entry {
  const disable = entryAt('disable', scalarAt(true, value.span), keySpan)
  return entryAt('clone', mapAt([disable], value.span), keySpan)
}

function knownSetting({ key, keySpan, value }: Entry, ledger: Ledger): Entry[] {
  const name = RENAMED[key] ?? key
  if (isNull(value)) return []
  if (name === 'depth' || name === 'retries') return [numberSetting(name, value, keySpan)]
  if (name === 'skip_verify') return [entryAt(name, value, keySpan)]
  if (!SETTLED.includes(name) || (name === 'recursive' && !isTrue(value))) {
    const message = `${quote(key)} of the checkout has no effect here`
    ledger.dropped(keySpan, message, 'a step of your own can run the git commands for it')
  }
  return []
}

const RENAMED: Readonly<Record<string, string>> = {
  attempts: 'retries',
  'skip-verify': 'skip_verify',
}

/** What the checkout does anyway, or what only means something with its own plugin. */
const SETTLED = ['recursive', 'partial', 'home', 'safe_directory', 'use-ssh', 'submodule_partial']

/** Numbers are often quoted. */
function numberSetting(name: string, value: Node, keySpan: Entry['keySpan']): Entry {
  const text = textOf(value) ?? ''
  const node = /^\d{1,9}$/.test(text) ? scalarAt(Number(text), value.span) : value
  return entryAt(name, node, keySpan)
}
