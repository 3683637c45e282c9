import { PLAN_TEXT_MAX } from '../limits.js'

/** What substituting in all documents of one compilation may still cost. */
export interface SubstitutionBudget {
  /** Length of the text that it makes. */
  text: number
  /** Looks at a character of a value, each by one part of a pattern. */
  work: number
}

const WORK_MAX = 10_000_000

export function createSubstitutionBudget(): SubstitutionBudget {
  return { text: PLAN_TEXT_MAX, work: WORK_MAX }
}

/** Takes from the budget; @returns whether there was enough. */
export function spend(
  budget: SubstitutionBudget,
  { text = 0, work = 0 }: { readonly text?: number; readonly work?: number },
): boolean {
  budget.text -= text
  budget.work -= work
  return !isSpent(budget)
}

/** Whether more was asked for than there was. */
export function isSpent({ text, work }: SubstitutionBudget): boolean {
  return text < 0 || work < 0
}
