import { createPlaceholders, PLACEHOLDERS_MAX } from '../parse/placeholders.js'

/** `{{ ... }}` in the text of a template. */
export interface Action {
  /** What stands between the braces, e.g. `.input.name`. */
  readonly expression: string
  /** Offset in the text. */
  readonly at: number
  readonly length: number
}

/** A template in which YAML can be read: each action is a run of private characters, as long as it was. */
export interface TemplateText {
  readonly text: string
  readonly actions: readonly Action[]
}

const PLACEHOLDERS = createPlaceholders('\ue000')

/** Logic of Go's templates, which Drone has and this language has not. */
const LOGIC = /^(?:if|else|end|range|with|define|block|template|break|continue)\b/

/** What is put in as text: a literal, as `{{ "{{" }}`. */
const LITERAL = /^(?:"([^"\\]*)"|`([^`]*)`)$/

/**
 * Takes the actions out of a template. Drone puts values into the text before it is YAML, so they may
 * stand without quotes (`name: {{ .input.name }}`), where YAML sees two mappings.
 *
 * What is neither a value, nor a literal, nor logic is no action: other tools have braces too.
 */
export function readTemplate(source: string): TemplateText {
  const actions: Action[] = []
  let text = ''
  let from = 0
  for (let at = source.indexOf('{{'); at >= 0; at = source.indexOf('{{', from)) {
    const { expression, length } = actionAt(source, at)
    text += source.slice(from, at)
    from = at + length
    if (isAction(expression) && actions.length < PLACEHOLDERS_MAX) {
      text += PLACEHOLDERS.write(actions.length, length)
      actions.push({ expression, at, length })
    } else {
      text += source.slice(at, at + 2)
      from = at + 2
    }
  }
  return { text: text + source.slice(from), actions }
}

/** Length of an action in UTF-16 code units; what is longer is none, so that looking for its end is cheap. */
const LENGTH_MAX = 1000

function actionAt(source: string, at: number): { expression: string; length: number } {
  const near = source.slice(at + 2, at + LENGTH_MAX)
  const quoted = /^-?\s*(?:"[^"]*"|`[^`]*`)/.exec(near)?.[0] ?? ''
  const end = near.indexOf('}}', quoted.length)
  const inner = near.slice(0, Math.max(end, 0))
  // An action on several lines is none, or the lines after it would have other numbers.
  const expression = inner.includes('\n') ? '' : withoutDashes(inner)
  return { expression, length: end + 4 }
}

/** `{{- x -}}` trims the text around it in Go; in values of YAML there is nothing to trim. */
function withoutDashes(inner: string): string {
  let expression = inner
  if (/^-\s/.test(expression)) expression = expression.slice(1)
  if (/\s-$/.test(expression)) expression = expression.slice(0, -1)
  return expression.trim()
}

function isAction(expression: string): boolean {
  return (
    /^\.(?:input|build|repo)\b/.test(expression) ||
    LOGIC.test(expression) ||
    LITERAL.test(expression)
  )
}

/** Whether it asks for something that only Go's templates can do. */
export function isLogic({ expression }: Action): boolean {
  return LOGIC.test(expression) || /[|()\s]/.test(expression.replace(LITERAL, ''))
}

/** The text that a literal stands for; undefined for other actions. */
export function literalOf({ expression }: Action): string | undefined {
  const match = LITERAL.exec(expression)
  return match === null ? undefined : (match[1] ?? match[2])
}

/** A part of a scalar of a template: text, or the action that stands there. */
export type Part = string | Action

/** Splits the text of a scalar at the actions that were taken out of it. */
export function splitAtActions(text: string, actions: readonly Action[]): readonly Part[] {
  return PLACEHOLDERS.split(text).flatMap((part): readonly Part[] => {
    if (typeof part === 'string') return [part]
    const action = actions[part]
    return action === undefined ? [] : [action]
  })
}
