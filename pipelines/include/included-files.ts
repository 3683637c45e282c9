import type { Reporter } from '../diagnostics/reporter.js'
import { INCLUDES_MAX } from '../limits.js'
import { type Budget, parseSource } from '../parse/parse-source.js'
import type { Document, Node } from '../parse/tree.js'
import { repoPath } from './repo-path.js'
import type { IncludeContext } from './resolve-includes.js'
import { type Action, isLogic, literalOf, readTemplate } from './template-text.js'

/** A file that was included, read as YAML. */
export interface IncludedFile {
  readonly path: string
  readonly documents: readonly Document[]
  readonly actions: readonly Action[]
  /** Offset that its text starts at. */
  readonly base: number
}

/** Files that are included into each other at most. */
const DEPTH_MAX = 10

/** Reads what is included: each file once, however often it is. */
export class IncludedFiles {
  /** Paths that are needed and not known yet. */
  readonly wanted = new Set<string>()
  readonly #context: IncludeContext
  readonly #read = new Map<string, IncludedFile | null>()
  #uses = 0

  constructor(context: IncludeContext) {
    this.#context = context
  }

  /**
   * The file that a scalar names, or undefined after the reason was reported or noted as wanted.
   * @param chain paths that include each other down to here
   * @param missingHint what to do when there is no such file
   */
  open(name: Node, chain: readonly string[], missingHint: string): IncludedFile | undefined {
    const path = this.#pathOf(name, chain)
    if (path === undefined) return undefined
    const known = this.#read.get(path)
    if (known !== undefined) return known === null ? undefined : this.#again(known)
    const text = this.#context.files.get(path)
    if (text === undefined) {
      this.wanted.add(path)
      return undefined
    }
    const file = text === null ? null : this.#parse(path, text)
    this.#read.set(path, file)
    if (file === null) this.#refuse(name, `there is no file \`${path}\` in the repo`, missingHint)
    return file ?? undefined
  }

  #pathOf(name: Node, chain: readonly string[]): string | undefined {
    if (name.kind !== 'scalar' || name.text === '') {
      this.#refuse(name, 'what is included must be the path of a file', PATH_HINT)
      return
    }
    const checked = repoPath(name.text)
    if ('problem' in checked) {
      this.#refuse(name, `the path ${checked.problem}`, PATH_HINT)
      return
    }
    const { path } = checked
    if (chain.includes(path)) {
      const circle = [...chain, path].map((one) => `\`${one}\``).join(' includes ')
      this.#refuse(name, `files include each other: ${circle}`, 'take one of them out')
      return
    }
    this.#uses += 1
    if (chain.length > DEPTH_MAX || this.#uses > INCLUDES_MAX) {
      const limit = chain.length > DEPTH_MAX ? `${DEPTH_MAX} levels of` : String(INCLUDES_MAX)
      this.#refuse(name, `there are more than ${limit} includes`, 'put files together')
      return
    }
    return path
  }

  #refuse(name: Node, message: string, hint: string): undefined {
    this.#context.reporter.error('SP_PIPELINE_INCLUDE', name.span, message, hint)
    return undefined
  }

  /** What is used again is written out again. */
  #again(file: IncludedFile): IncludedFile {
    const { budget, reporter } = this.#context
    for (const { root } of file.documents) charge(budget, root.weight, root, reporter)
    return file
  }

  #parse(path: string, text: string): IncludedFile {
    const { budget, reporter } = this.#context
    const template = readTemplate(text)
    let base = 0
    const source = { file: path, text: template.text }
    const documents = parseSource(source, budget, {
      ...reporter,
      addSource: (added) => (base = reporter.addSource(added)),
    })
    reportLogic(template.actions, base, reporter)
    return { path, documents, actions: template.actions, base }
  }
}

const PATH_HINT = 'give the path of a file from the root of the repo, e.g. `ci/steps.yml`'

/** Draws on the budget. Reported once it is used up. */
export function charge(budget: Budget, nodes: number, at: Node, reporter: Reporter): void {
  budget.nodes -= nodes
  if (budget.nodes >= 0) return
  const message = 'with what it includes written out the file is too large'
  reporter.error('SP_PIPELINE_TOO_LARGE', { start: at.span.start, end: at.span.start }, message)
}

/** Also logic that stands in no value: on a line of its own, as `{{ if }}` mostly does. */
function reportLogic(actions: readonly Action[], base: number, reporter: Reporter): void {
  for (const action of actions) {
    if (literalOf(action) !== undefined || !isLogic(action)) continue
    const start = base + action.at
    const message = `\`{{ ${action.expression} }}\` is logic of Go's templates, which is not supported`
    reporter.error(
      'SP_PIPELINE_INCLUDE',
      { start, end: start + action.length },
      message,
      LOGIC_HINT,
    )
  }
}

/** What to do instead of `{{ if }}`. */
export const LOGIC_HINT =
  'values can be put in: `{{ .input.NAME }}`, `{{ .build.NAME }}`, `{{ .repo.NAME }}`; for the rest ' +
  'use conditions and a matrix'
