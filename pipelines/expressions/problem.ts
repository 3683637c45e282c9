/** Why an expression can't be read. */
export interface SyntaxProblem {
  readonly problem: string
  /** Index in the expression, in UTF-16 code units. */
  readonly at: number
  readonly hint?: string
}

/** Makes a problem; without `hint` the key is left out. */
export function syntaxProblem(at: number, problem: string, hint?: string): SyntaxProblem {
  return hint === undefined ? { problem, at } : { problem, at, hint }
}
