import type { Reporter, Span } from '../diagnostics/reporter.js'
import type { Document, Entry, MapNode, Node } from '../parse/tree.js'
import { createSubstitutionBudget, isSpent, type SubstitutionBudget } from './budget.js'
import { commandKeysOf, isShellCheck } from './commands-of.js'
import type { Value } from './evaluate-reference.js'
import { createShellVariables } from './shell-variables.js'
import { type SubstitutionContext, substituteScalar } from './substitute-scalar.js'
import type { ScalarContext } from './warnings.js'

export interface Substituted {
  readonly document: Document
  /**
   * Variables for the stage's environment: values that can't stand in the text of a shell command
   * reach it through these.
   */
  readonly environment: Readonly<Record<string, string>>
}

export interface SubstitutionOptions {
  /**
   * Names of variables whose values stand in the file itself: axes of a matrix, also of those that this
   * combination has no value for.
   */
  readonly fromFile?: ReadonlySet<string>
  /** Shared by all documents of a compilation. */
  readonly budget?: SubstitutionBudget
}

/**
 * Replaces `${VAR}` in the scalars of a document, never in keys, the way drone/envsubst does. A plain
 * scalar that changes is read again: `${N}` can become a number. Nodes that do not change, and nodes
 * that aliases share, stay the same objects.
 *
 * Values never become a part of an expression (`evaluate`): they stand in it as text.
 *
 * Commands are for a shell, and values come from strangers: there, a value that has a character with a
 * meaning to shells becomes a reference to a variable. Between single quotes a shell leaves it as it is.
 * @param variables what is known when the build is compiled
 */
export function substituteDocument(
  document: Document,
  variables: Readonly<Record<string, string>>,
  reporter: Reporter,
  options: SubstitutionOptions = {},
): Substituted {
  const budget = options.budget ?? createSubstitutionBudget()
  if (isSpent(budget)) return { document, environment: {} }
  const shell = createShellVariables(budget)
  const fromFile = options.fromFile ?? new Set<string>()
  const scope = { variables, fromFile, budget, known: new Map<string, Value>() }
  const walker = new Walker({ scope, shell, reporter }, document.root)
  const root = walker.root()
  if (isSpent(budget)) reportTooLarge(document.root.span, reporter)
  return { document: { ...document, root }, environment: shell.environment }
}

function reportTooLarge({ start }: Span, reporter: Reporter): void {
  const message = 'replacing `${}` makes too much text, or takes too long'
  const hint = 'give long values to the commands that need them through `environment`'
  reporter.error('SP_PIPELINE_TOO_LARGE', { start, end: start }, message, hint)
}

const TEXT: ScalarContext = { isCommand: false, isInEnvironment: () => false }
const EXPRESSION: ScalarContext = { ...TEXT, isExpression: true }
/** Levels below which nothing is looked at; no document that can be used comes near. */
const DEPTH_MAX = 500

/** Goes through a document. A node that is shared is gone through once for each meaning it has. */
class Walker {
  readonly #context: SubstitutionContext
  readonly #root: Node
  readonly #texts = new Map<Node, Node>()
  readonly #commands = new Map<Node, Node>()
  readonly #expressions = new Map<Node, Node>()
  #depth = 0

  constructor(context: SubstitutionContext, root: Node) {
    this.#context = context
    this.#root = root
  }

  root(): Node {
    const root = this.#root
    if (root.kind !== 'map') return this.#walk(root, TEXT)
    return mapEntries(root, ({ key, value }) => {
      if (key === 'steps' || key === 'services') return this.#steps(value, root)
      return key === 'trigger' ? this.#conditions(value) : this.#walk(value, TEXT)
    })
  }

  #steps(node: Node, root: MapNode): Node {
    if (node.kind !== 'list') return this.#walk(node, TEXT)
    return mapItems(node, (item) =>
      item.kind === 'map' ? this.#step(item, root) : this.#walk(item, TEXT),
    )
  }

  #step(step: MapNode, root: MapNode): Node {
    const keys = commandKeysOf(step)
    const isInEnvironment = (name: string) => sets(step, name) || sets(root, name)
    const command = { isCommand: true, isInEnvironment }
    return mapEntries(step, ({ key, value }) => {
      if (keys.has(key)) return this.#walk(value, command)
      if (key === 'when') return this.#conditions(value)
      return key === 'healthcheck' ? this.#check(value, command) : this.#walk(value, TEXT)
    })
  }

  #conditions(node: Node): Node {
    if (node.kind === 'list') return mapItems(node, (item) => this.#conditions(item))
    if (node.kind !== 'map') return this.#walk(node, TEXT)
    return mapEntries(node, ({ key, value }) =>
      this.#walk(value, key === 'evaluate' ? EXPRESSION : TEXT),
    )
  }

  #check(node: Node, command: ScalarContext): Node {
    if (node.kind !== 'map') return this.#walk(node, TEXT)
    return mapEntries(node, ({ key, value }) =>
      this.#walk(value, key === 'command' && isShellCheck(value) ? command : TEXT),
    )
  }

  #walk(node: Node, place: ScalarContext): Node {
    const memo = this.#memoOf(place)
    const known = memo.get(node)
    if (known !== undefined) return known
    this.#depth += 1
    const result = this.#depth > DEPTH_MAX ? node : this.#replaced(node, place)
    this.#depth -= 1
    memo.set(node, result)
    return result
  }

  #memoOf({ isCommand, isExpression }: ScalarContext): Map<Node, Node> {
    if (isCommand) return this.#commands
    return isExpression === true ? this.#expressions : this.#texts
  }

  #replaced(node: Node, place: ScalarContext): Node {
    switch (node.kind) {
      case 'scalar':
        return substituteScalar(node, place, this.#context)
      case 'list':
        return mapItems(node, (item) => this.#walk(item, place))
      case 'map':
        return mapEntries(node, ({ value }) => this.#walk(value, place))
    }
  }
}

/** Whether the `environment` of a step or a pipeline has a name. */
function sets({ entries }: MapNode, name: string): boolean {
  const environment = entries.get('environment')?.value
  return environment?.kind === 'map' && environment.entries.has(name)
}

function mapItems(list: Extract<Node, { kind: 'list' }>, change: (item: Node) => Node): Node {
  const items = list.items.map(change)
  return items.every((item, index) => item === list.items[index]) ? list : { ...list, items }
}

function mapEntries(map: MapNode, change: (entry: Entry) => Node): Node {
  const entries = new Map<string, Entry>()
  let isChanged = false
  for (const [key, entry] of map.entries) {
    const value = change(entry)
    isChanged ||= value !== entry.value
    entries.set(key, value === entry.value ? entry : { ...entry, value })
  }
  return isChanged ? { ...map, entries } : map
}
