import type { DialectDocument } from '../convert/convert-documents.js'
import type { Dialect } from '../convert/dialect.js'
import type { Reporter } from '../diagnostics/reporter.js'
import type { Budget } from '../parse/parse-source.js'
import type { Document, Entry, ListNode, MapNode, Node } from '../parse/tree.js'
import { fillTemplate } from './fill-template.js'
import { charge, IncludedFiles, type IncludedFile } from './included-files.js'

/** Files of the repo by path, as far as they have been read; null for one that is not there. */
export type RepoFiles = ReadonlyMap<string, string | null>

export interface IncludeContext {
  readonly files: RepoFiles
  readonly budget: Budget
  readonly reporter: Reporter
}

export interface ResolvedIncludes {
  readonly documents: readonly DialectDocument[]
  /** Paths that are needed and not among the files. */
  readonly wanted: readonly string[]
}

/**
 * Puts what is included in its place: the documents of the file that a `kind: template` loads, and the
 * steps of the file that an entry `- include: PATH` of `steps` or `services` names.
 */
export function resolveIncludes(
  documents: readonly DialectDocument[],
  context: IncludeContext,
): ResolvedIncludes {
  const resolver = new Resolver(context)
  const resolved = documents.flatMap(({ document, dialect }) =>
    resolver.document(document, dialect, []).map((one) => ({ document: one, dialect })),
  )
  return { documents: resolved, wanted: [...resolver.files.wanted] }
}

class Resolver {
  readonly files: IncludedFiles
  readonly #context: IncludeContext

  constructor(context: IncludeContext) {
    this.#context = context
    this.files = new IncludedFiles(context)
  }

  document(document: Document, dialect: Dialect, chain: readonly string[]): Document[] {
    const { root } = document
    if (root.kind !== 'map') return [document]
    if (textOf(root, 'kind') === 'template') return this.#template(root, dialect, chain)
    return [{ ...document, root: this.#pipeline(root, chain) }]
  }

  #template(root: MapNode, dialect: Dialect, chain: readonly string[]): Document[] {
    const load = root.entries.get('load')?.value
    if (load === undefined) {
      const hint = 'write `load: PATH`, the path of a file from the root of the repo'
      const message = 'a template needs the key `load`'
      this.#context.reporter.error('SP_PIPELINE_MISSING_KEY', root.span, message, hint)
      return []
    }
    const script = load.kind === 'scalar' ? /\.(star|starlark|jsonnet)$/.exec(load.text) : null
    if (script !== null) {
      const message = `templates in ${script[1] === 'jsonnet' ? 'Jsonnet' : 'Starlark'} are not supported`
      const hint = 'print it as YAML once (`drone jsonnet`, `drone starlark`) and load that'
      this.#context.reporter.error('SP_PIPELINE_INCLUDE', load.span, message, hint)
      return []
    }
    const file = this.files.open(load, chain, dialect === 'drone' ? DRONE_HINT : FILE_HINT)
    if (file === undefined) return []
    const filled = file.documents.map((document) => this.#filled(document, file, root))
    return filled.flatMap((document) => this.document(document, dialect, [...chain, file.path]))
  }

  #pipeline(root: MapNode, chain: readonly string[]): MapNode {
    const changed: Entry[] = []
    for (const key of LISTS) {
      const entry = root.entries.get(key)
      if (entry?.value.kind !== 'list' || !entry.value.items.some(isInclude)) continue
      changed.push({ ...entry, value: this.#list(entry.value, chain) })
    }
    if (changed.length === 0) return root
    const entries = new Map(root.entries)
    for (const entry of changed) entries.set(entry.key, entry)
    const weight = [...entries.values()].reduce((sum, { value }) => sum + value.weight, 1)
    return { ...root, entries, weight }
  }

  #list(list: ListNode, chain: readonly string[]): ListNode {
    const items = list.items.flatMap((item) =>
      isInclude(item) ? this.#steps(item, chain) : [item],
    )
    return { ...list, items, weight: items.reduce((sum, item) => sum + item.weight, 1) }
  }

  /** The steps that stand for an entry `- include: PATH`. */
  #steps(item: MapNode, chain: readonly string[]): readonly Node[] {
    const name = item.entries.get('include')?.value
    if (name === undefined) return []
    this.#refuseOthers(item)
    const file = this.files.open(name, chain, FILE_HINT)
    if (file === undefined) return []
    const [document, second] = file.documents
    if (document === undefined || second !== undefined) return this.#noSteps(name, file)
    const { root } = this.#filled(document, file, item)
    const steps = root.kind === 'map' ? root.entries.get('steps')?.value : root
    if (steps?.kind !== 'list') return this.#noSteps(name, file)
    return this.#list(steps, [...chain, file.path]).items
  }

  #noSteps(name: Node, { path }: IncludedFile): readonly Node[] {
    const message = `\`${path}\` has no list of steps`
    const hint = 'let it hold one document: a list of steps, or a mapping with the key `steps`'
    this.#context.reporter.error('SP_PIPELINE_INCLUDE', name.span, message, hint)
    return []
  }

  #refuseOthers({ entries }: MapNode): void {
    for (const { key, keySpan } of entries.values()) {
      if (key === 'include' || key === 'data') continue
      const hint = 'an entry that includes a file has the keys `include` and `data` only'
      const message = `\`${key}\` is not allowed beside \`include\``
      this.#context.reporter.error('SP_PIPELINE_UNKNOWN_KEY', keySpan, message, hint)
    }
  }

  /** A document of an included file with the values that `data` gives it. */
  #filled(document: Document, { actions, base }: IncludedFile, asker: MapNode): Document {
    if (actions.length === 0) return document
    const { budget, reporter } = this.#context
    const data = asker.entries.get('data')?.value
    const input = data?.kind === 'map' ? data : undefined
    const root = fillTemplate(document.root, { actions, base, data: input, reporter, budget })
    charge(budget, Math.max(0, root.weight - document.root.weight), asker, reporter)
    return { ...document, root }
  }
}

const LISTS = ['services', 'steps']
const FILE_HINT = 'paths start at the root of the repo'
const DRONE_HINT =
  "Drone keeps templates in its database: put this one into the repo under that path (paths start at the repo's root)"

function isInclude(node: Node): node is MapNode {
  return node.kind === 'map' && node.entries.has('include')
}

function textOf(root: MapNode, key: string): string | undefined {
  const node = root.entries.get(key)?.value
  return node?.kind === 'scalar' ? node.text : undefined
}
