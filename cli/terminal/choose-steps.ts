import { isFailure, isTerminal, type Status } from '../../protocol/status.js'

/** What a list that has not room for all steps shows. */
export interface ChosenSteps<S> {
  /** In the order of the list. */
  readonly shown: readonly S[]
  /** Counts of the others, `… 25 done, 8 waiting`; empty when there are none. */
  readonly rest: string
}

/** What matters most comes first: what runs, what failed, what comes next; what is done can wait. */
const KINDS = ['running', 'failed', 'waiting', 'done'] as const

/** Chooses the steps for a list of `room` lines, the line with the counts among them. */
export function chooseSteps<S extends { readonly status: Status }>(
  steps: readonly S[],
  room: number,
): ChosenSteps<S> {
  if (steps.length <= room) return { shown: steps, rest: '' }
  const ranked = KINDS.flatMap((kind) => steps.filter((step) => kindOf(step.status) === kind))
  const chosen = new Set(ranked.slice(0, Math.max(1, room - 1)))
  const others = steps.filter((step) => !chosen.has(step)).map((step) => kindOf(step.status))
  const counts = ['running', 'failed', 'done', 'waiting'].flatMap((kind) => {
    const number = others.filter((other) => other === kind).length
    return number === 0 ? [] : [`${number} ${kind}`]
  })
  return { shown: steps.filter((step) => chosen.has(step)), rest: `… ${counts.join(', ')}` }
}

function kindOf(status: Status): (typeof KINDS)[number] {
  if (status === 'running') return 'running'
  if (isFailure(status)) return 'failed'
  return isTerminal(status) ? 'done' : 'waiting'
}
