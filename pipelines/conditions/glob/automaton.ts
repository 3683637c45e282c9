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
  const run = createRun(states)
  const matches = (text: string): boolean => {
    run.start(start)
    for (const character of text) if (!run.step(character)) return false
    return run.isIn(accepting)
  }
  return { matches, size: states.length }
}

interface Run {
  start(state: number): void
  /** Consumes a character; @returns whether there is a state left to be in. */
  step(character: string): boolean
  isIn(state: number): boolean
}

/** The set of states is a list in an array, with the number of the step at which each was last added. */
function createRun(states: readonly State[]): Run {
  let current = new Int32Array(states.length)
  let next = new Int32Array(states.length)
  const addedAt = new Float64Array(states.length)
  let now = 0
  let count = 0
  const add = (state: number): void => {
    if (addedAt[state] === now) return
    addedAt[state] = now
    next[count] = state
    count += 1
  }
  /** Adds what is reached for free, and makes the new set the current one. */
  const settle = (): void => {
    for (let index = 0; index < count; index++) {
      for (const free of states[next[index] ?? 0]?.free ?? []) add(free)
    }
    ;[current, next] = [next, current]
  }
  return {
    start(state) {
      now += 1
      count = 0
      add(state)
      settle()
    },
    step(character) {
      const before = count
      now += 1
      count = 0
      for (let index = 0; index < before; index++) {
        const step = states[current[index] ?? 0]?.step
        if (step?.accepts(character) === true) add(step.to)
      }
      settle()
      return count > 0
    },
    isIn: (state) => addedAt[state] === now,
  }
}

function addState(states: State[], step?: State['step'], free: number[] = []): number {
  states.push(step === undefined ? { free } : { step, free })
  return states.length - 1
}

/** Adds states for `parts` that lead to `to`, last part first. @returns where they start */
function addParts(states: State[], parts: readonly GlobPart[], to: number): number {
  return withoutRuns(parts).reduceRight((next, part) => addPart(states, part, next), to)
}

/** Parts that take any number of something take no more when there are two of them. */
function withoutRuns(parts: readonly GlobPart[]): readonly GlobPart[] {
  return parts.filter(({ kind }, index) => {
    return (kind !== 'segments' && kind !== 'many') || parts[index + 1]?.kind !== kind
  })
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
