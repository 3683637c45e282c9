import type { Reporter, Span } from '../diagnostics/reporter.js'
import type { Document, Entry, MapNode, Node } from '../parse/tree.js'
import { createSubstitutionBudget, isSpent, type SubstitutionBudget } from './budget.js'
import { type ProgramKind, Programs, UNKNOWN } from './commands-of.js'
import { evaluateReference, type Value } from './evaluate-reference.js'
import { parseTemplate } from './parse-template.js'
import { createShellVariables } from './shell-variables.js'
import { type SubstitutionContext, substituteScalar } from './substitute-scalar.js'
import type { Guard, ScalarContext } from './warnings.js'

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
const CHOICE: ScalarContext = { ...TEXT, guard: 'choice' }
const PATH: ScalarContext = { ...TEXT, guard: 'path' }

/** Keys of a pipeline that decide about rights, secrets or machines, and those that hold paths. */
const PIPELINE_GUARDS: Readonly<Record<string, ScalarContext>> = {
  kind: CHOICE,
  type: CHOICE,
  node: CHOICE,
  image_pull_secrets: CHOICE,
  volumes: CHOICE,
  workspace: PATH,
}

/** The same of a step. */
const STEP_GUARDS: Readonly<Record<string, ScalarContext>> = {
  privileged: CHOICE,
  user: CHOICE,
  network: CHOICE,
  network_mode: CHOICE,
  devices: CHOICE,
  shell: CHOICE,
  volumes: PATH,
  working_dir: PATH,
}

const PROGRAM_KEYS = ['entrypoint', 'command']

/** Levels below which nothing is looked at; no document that can be used comes near. */
const DEPTH_MAX = 500

/** Goes through a document. A node that is shared is gone through once for each meaning it has. */
class Walker {
  readonly #context: SubstitutionContext
  readonly #root: Node
  /** What nodes became, by what they are. */
  readonly #known = new Map<string, Map<Node, Node>>()
  readonly #programs = new Programs((text) => this.#resolve(text))
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
      if (key === 'trigger') return this.#conditions(value)
      // They say what the variables are, so they can't be made of them.
      if (key === 'parameters') return value
      return this.#walk(value, guardOf(PIPELINE_GUARDS, key))
    })
  }

  #steps(node: Node, root: MapNode): Node {
    if (node.kind !== 'list') return this.#walk(node, TEXT)
    return mapItems(node, (item) =>
      item.kind === 'map' ? this.#step(item, root) : this.#walk(item, TEXT),
    )
  }

  #step(step: MapNode, root: MapNode): Node {
    const isInEnvironment = (name: string) => sets(step, name) || sets(root, name)
    const command = { isCommand: true, isInEnvironment }
    const [entrypoint, program] = PROGRAM_KEYS.map((key) => step.entries.get(key)?.value)
    const kind = this.#programs.kindOf(entrypoint, program)
    return mapEntries(step, ({ key, value }) => {
      if (key === 'commands') return this.#walk(value, command)
      if (PROGRAM_KEYS.includes(key)) return this.#walk(value, argument(kind, value, command))
      if (key === 'when') return this.#conditions(value)
      if (key === 'healthcheck') return this.#check(value, command)
      return this.#walk(value, guardOf(STEP_GUARDS, key))
    })
  }

  /** A text with what the file itself says put in. */
  #resolve(text: string): string {
    if (!text.includes('${')) return text
    const { scope } = this.#context
    const written = parseTemplate(text).parts.map((part) => {
      if (typeof part === 'string') return part
      const value = evaluateReference(part, scope)
      return value.isFromFile ? value.text : UNKNOWN
    })
    return written.join('')
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
    return mapEntries(node, ({ key, value }) => {
      if (key !== 'command') return this.#walk(value, TEXT)
      if (value.kind === 'scalar') return this.#walk(value, command)
      const kind = this.#programs.kindOf(value)
      return this.#walk(value, argument(kind, value, command))
    })
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

  #memoOf({ isCommand, isExpression, guard }: ScalarContext): Map<Node, Node> {
    const meaning = isCommand ? 'command' : isExpression === true ? 'expression' : (guard ?? 'text')
    const memo = this.#known.get(meaning) ?? new Map<Node, Node>()
    this.#known.set(meaning, memo)
    return memo
  }

  #replaced(node: Node, place: ScalarContext): Node {
    switch (node.kind) {
      case 'scalar':
        return substituteScalar(node, place, this.#context)
      case 'list':
        return mapItems(node, (item) => this.#walk(item, place))
      case 'map':
        return mapEntries(node, ({ key, value }) =>
          this.#walk(value, key === 'from_secret' ? CHOICE : place),
        )
    }
  }
}

function guardOf(guards: Readonly<Record<string, ScalarContext>>, key: string): ScalarContext {
  return (Object.hasOwn(guards, key) ? guards[key] : undefined) ?? TEXT
}

function argument(kind: ProgramKind, { kind: form }: Node, command: ScalarContext): ScalarContext {
  if (kind === 'shell') return command
  const guard: Guard | undefined =
    kind === 'code' ? 'code' : form === 'scalar' ? 'words' : undefined
  return guard === undefined ? TEXT : { ...TEXT, guard }
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
