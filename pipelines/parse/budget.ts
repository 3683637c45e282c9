import {
  EVENTS_MAX,
  EXPANDED_NODES_MAX,
  PLAN_TEXT_MAX,
  SOURCES_LENGTH_MAX,
  THOROUGH_LENGTH_MAX,
  THOROUGH_READS_MAX,
} from '../limits.js'
import { createSubstitutionBudget, type SubstitutionBudget } from '../substitution/budget.js'
import type { EventStream, SyntaxProblem } from './read-events.js'

/** Texts that were read before: what takes several compilations reads each of them once. */
export type KnownTexts = Map<string, EventStream | SyntaxProblem>

/** What all files of one compilation may cost together; what is below zero is spent. */
export interface Budget {
  /** Length of the files in UTF-16 code units. */
  characters: number
  /** Events of YAML in them. */
  events: number
  /** Nodes that they may expand to. */
  nodes: number
  /** Broken files in which every error is still looked for, which is slow. */
  thoroughReads: number
  /** Length of these files in UTF-16 code units. */
  thoroughCharacters: number
  /** Length of the text that is made by putting values into templates. */
  templateText: number
  readonly substitution: SubstitutionBudget
  readonly known: KnownTexts | undefined
}

/** @param known shared by compilations of the same files; only while these go on, for it takes memory */
export function createBudget(known?: KnownTexts): Budget {
  return {
    characters: SOURCES_LENGTH_MAX,
    events: EVENTS_MAX,
    nodes: EXPANDED_NODES_MAX,
    thoroughReads: THOROUGH_READS_MAX,
    thoroughCharacters: THOROUGH_LENGTH_MAX,
    templateText: PLAN_TEXT_MAX,
    substitution: createSubstitutionBudget(),
    known,
  }
}

/** Whether reading further files is in vain: that there are too many has been told. */
export function isSpent({ characters, events, nodes }: Budget): boolean {
  return characters < 0 || events < 0 || nodes < 0
}

/** Takes one more broken file, to find every error of it; @returns whether the budget allows it */
export function mayReadThoroughly(budget: Budget, { length }: string): boolean {
  if (budget.thoroughReads < 1 || budget.thoroughCharacters < length) return false
  budget.thoroughReads -= 1
  budget.thoroughCharacters -= length
  return true
}
