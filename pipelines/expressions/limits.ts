/** Length of an expression in UTF-16 code units. */
export const EXPRESSION_LENGTH_MAX = 2000

/** Brackets, choices and signs inside each other: the parser and the evaluator recurse on them. */
export const EXPRESSION_NESTING_MAX = 50

/** Length of a text that an expression makes, in UTF-16 code units. */
export const EXPRESSION_TEXT_MAX = 64 * 1024

/** Elements of a list that an expression makes. */
export const EXPRESSION_LIST_MAX = 10_000

/** Length of a regular expression in UTF-16 code units. */
export const REGULAR_EXPRESSION_LENGTH_MAX = 500

/** Instructions that a regular expression may compile to; `a{1000}` alone makes 1000. */
export const REGULAR_EXPRESSION_SIZE_MAX = 2000

/** What all expressions of one compilation may cost: nodes visited, characters read and compared. */
export const EXPRESSION_EFFORT_MAX = 20_000_000
