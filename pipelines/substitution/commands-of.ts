import type { Node } from '../parse/tree.js'
import { splitWords } from '../schema/argv-shape.js'

/**
 * What a program makes of its arguments. `shell`: one of them is the code of a shell. `code`: one may be
 * the code of something else, or an option of a shell. `arguments`: they are text to it.
 */
export type ProgramKind = 'shell' | 'code' | 'arguments'

/** What is known about one of the keys that make a program. */
interface Words {
  readonly start: string
  readonly hasShell: boolean
  readonly hasShellFlag: boolean
  readonly hasCodeFlag: boolean
}

/** Tells what programs make of their arguments; what aliases share is looked at once. */
export class Programs {
  readonly #known = new Map<Node, Words>()
  readonly #resolved = new Map<string, string>()
  readonly #resolve: (text: string) => string

  /** @param resolve a text with what the file itself says put in, and `UNKNOWN` for the rest */
  constructor(resolve: (text: string) => string) {
    this.#resolve = resolve
  }

  /**
   * Tells by a program with its arguments what these are. What only looks like code is taken for it:
   * that loses nothing but values of strangers in its text.
   */
  kindOf(entrypoint: Node | undefined, command?: Node): ProgramKind {
    const keys = [entrypoint, command].flatMap((node) =>
      node === undefined ? [] : [this.#wordsOf(node)],
    )
    const starts = keys.map(({ start }) => baseOf(start))
    const [first = ''] = starts
    if (INTERPRETER.test(first)) return 'code'
    const hasShell = keys.some((one) => one.hasShell)
    if (hasShell && keys.some((one) => one.hasShellFlag)) return 'shell'
    const isUnknown = entrypoint !== undefined && keys[0]?.start.includes(UNKNOWN) === true
    const isInterpreter = starts.some((start) => SHELL.test(start) || INTERPRETER.test(start))
    const isCode = isInterpreter || isUnknown || RUNNER.test(first)
    return isCode || keys.some((one) => one.hasCodeFlag) ? 'code' : 'arguments'
  }

  #wordsOf(node: Node): Words {
    const known = this.#known.get(node)
    if (known !== undefined) return known
    const words = this.#texts(node).map(shortened)
    const found = {
      start: words[0] ?? '',
      hasShell: words.some((word) => SHELL.test(baseOf(word))),
      hasShellFlag: words.some((word) => SHELL_FLAG.test(word)),
      hasCodeFlag: words.some((word) => CODE_FLAG.test(word)),
    }
    this.#known.set(node, found)
    return found
  }

  #texts(node: Node): readonly string[] {
    if (node.kind === 'scalar') {
      const text = this.#resolve(node.text)
      return splitWords(text) ?? text.split(/\s+/)
    }
    if (node.kind !== 'list') return []
    return node.items.map((item) => (item.kind === 'scalar' ? this.#textOf(item.text) : ''))
  }

  #textOf(text: string): string {
    const resolved = this.#resolved.get(text) ?? this.#resolve(text)
    this.#resolved.set(text, resolved)
    return resolved
  }
}

/** What a word is shows at its ends. */
function shortened(word: string): string {
  return word.length > 400 ? word.slice(0, 200) + word.slice(-200) : word
}

/** Stands for what comes from outside. */
export const UNKNOWN = '\ufffd'

const SHELL = /^(?:(?:ba|da|a|k|mk|z|fi|c|tc|ya)?sh|busybox)$/
const INTERPRETER =
  /^(?:python|pypy|perl|ruby|node|nodejs|deno|bun|php|lua|luajit|tclsh|[gmn]?awk|ssh|psql|mysql|irb|Rscript|pwsh|powershell)[\d.]*$/
/** What starts another program that its arguments name. */
const RUNNER = /^(?:env|su|sudo|xargs|eval|chroot|nsenter|find)$/
const SHELL_FLAG = /^(?:[-+][A-Za-z]*c[A-Za-z]*|--command(?:=.*)?)$/s
const CODE_FLAG =
  /^(?:-[A-Za-z]{0,4}c|-c[A-Za-z]{1,3}|-[A-Za-z]?e|-exec|--(?:eval|exec|execute|command|print)(?:=.*)?)$/s

function baseOf(word: string): string {
  return word.slice(word.lastIndexOf('/') + 1)
}
