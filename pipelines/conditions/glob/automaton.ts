import type { GlobPart } from './parse-pattern.js'

/**
 * A nondeterministic automaton, run by keeping the set of states it can be in (Thompson's way): each
 * character of the text costs at most one look at each state.
 */
interface State {
  /** Consumes a character and goes to `to`. */
  readonly step?: { readonly accepts: (character: string) => boolean; readonly to: number }
  /** States that are reached without a character. */
  readonly free: number[]
}

export interface Automaton {
  readonly matches: (text: string) => boolean
  /** Number of its states. */
  readonly size: number
}

/** Makes a matcher of a parsed pattern. */
export function compileGlob(parts: readonly GlobPart[]): Automaton {
  const states: State[] = []
  const accepting = addState(states)
  const start = addParts(states, parts, accepting)
  const matches = (text: string): boolean => {
    let current = reach(states, [start])
    for (const character of text) {
      const moved: number[] = []
      for (const state of current) {
        const step = states[state]?.step
        if (step?.accepts(character) === true) moved.push(step.to)
      }
      current = reach(states, moved)
      if (current.size === 0) return false
    }
    return current.has(accepting)
  }
  return { matches, size: states.length }
}

function reach(states: readonly State[], from: readonly number[]): Set<number> {
  const reached = new Set(from)
  // A Set's iterator also visits what is added while it runs.
  for (const state of reached) {
    for (const next of states[state]?.free ?? []) reached.add(next)
  }
  return reached
}

function addState(states: State[], step?: State['step'], free: number[] = []): number {
  states.push(step === undefined ? { free } : { step, free })
  return states.length - 1
}

/** Adds states for `parts` that lead to `to`, last part first. @returns where they start */
function addParts(states: State[], parts: readonly GlobPart[], to: number): number {
  return parts.reduceRight((next, part) => addPart(states, part, next), to)
}

function addPart(states: State[], part: GlobPart, to: number): number {
  switch (part.kind) {
    case 'literal':
      return addState(states, { accepts: (character) => character === part.character, to })
    case 'one':
      return addState(states, { accepts: isInSegment, to })
    case 'set':
      return addState(states, { accepts: (character) => isInSet(part, character), to })
    case 'many':
      return addLoop(states, isInSegment, to)
    case 'rest':
      return addLoop(states, () => true, to)
    case 'segments': {
      const slash = addState(states, { accepts: (character) => character === '/', to })
      return addState(states, undefined, [to, addLoop(states, () => true, slash)])
    }
    case 'either':
      return addState(
        states,
        undefined,
        part.options.map((option) => addParts(states, option, to)),
      )
  }
}

/** A state that takes any number of accepted characters. */
function addLoop(states: State[], accepts: (character: string) => boolean, to: number): number {
  return addState(states, { accepts, to: states.length }, [to])
}

function isInSegment(character: string): boolean {
  return character !== '/'
}

function isInSet(part: Extract<GlobPart, { kind: 'set' }>, character: string): boolean {
  if (character === '/') return false
  const point = character.codePointAt(0) ?? 0
  const inside = part.ranges.some(
    ([first, last]) => point >= (first.codePointAt(0) ?? 0) && point <= (last.codePointAt(0) ?? 0),
  )
  return inside !== part.negated
}
