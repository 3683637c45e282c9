/** Text with references to variables in it, as drone/envsubst reads it. */
export interface Template {
  readonly parts: readonly Part[]
  /** Where a `${` starts nothing that can be understood; it stays in the text. */
  readonly malformed: readonly Malformed[]
}

export type Part = string | Reference

/** `${NAME}`, or `${NAME` with an operator and what it works with. */
export interface Reference {
  readonly name: string
  readonly operator: Operator
  /** What stands after the operator, where it is divided, its parts. */
  readonly args: readonly (readonly Part[])[]
  /** As it is written, and where that starts in the text. */
  readonly source: string
  readonly at: number
}

export interface Malformed {
  readonly at: number
  /** What is wrong, as the end of a sentence. */
  readonly reason: string
}

/** `''`: the value as it is. `length`: `${#NAME}`. */
export type Operator =
  | ''
  | 'length'
  | 'default'
  /** `-` and `+` without a colon, which Drone does not know and every shell does. */
  | 'shell default'
  | 'slice'
  | '^'
  | '^^'
  | ','
  | ',,'
  | '^,'
  | '#'
  | '##'
  | '%'
  | '%%'
  | '/'
  | '//'
  | '/#'
  | '/%'
