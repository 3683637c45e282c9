/** Operators that are words. */
export const WORD_OPERATORS = ['in', 'contains', 'startsWith', 'endsWith', 'matches'] as const

/** Operators with two operands. `and`, `or` and `not in` are written as others by the parser. */
export type BinaryOperator =
  | '||'
  | '&&'
  | '??'
  | '=='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | (typeof WORD_OPERATORS)[number]

/** An expression that has been read. */
export type ExpressionNode =
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  | { readonly kind: 'variable'; readonly name: string }
  /** `$env`: all variables. */
  | { readonly kind: 'environment' }
  | { readonly kind: 'list'; readonly items: readonly ExpressionNode[] }
  | { readonly kind: 'sign'; readonly sign: '!' | '-' | '+'; readonly operand: ExpressionNode }
  | {
      readonly kind: 'binary'
      readonly operator: BinaryOperator
      readonly left: ExpressionNode
      readonly right: ExpressionNode
    }
  | {
      readonly kind: 'choice'
      readonly test: ExpressionNode
      readonly then: ExpressionNode
      readonly otherwise: ExpressionNode
    }
  | { readonly kind: 'index'; readonly of: ExpressionNode; readonly at: ExpressionNode }
  | { readonly kind: 'call'; readonly name: string; readonly given: readonly ExpressionNode[] }
