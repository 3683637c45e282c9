import type { Plan } from '../../pipelines/plan.js'
import { stageQueue } from '../../protocol/keys.js'

/** Kinds of runners that one build may ask for: each is a queue of its own. */
export const RUNNER_KINDS_MAX = 50

/** What is wrong with the runners that the plan's stages ask for, in words; empty when nothing is. */
export function runnerKindsProblem({ stages }: Plan): string {
  const kinds = new Set(stages.map(({ platform, labels }) => stageQueue(platform, labels)))
  if (kinds.size <= RUNNER_KINDS_MAX) return ''
  return (
    `the pipelines ask for ${kinds.size} kinds of runners, by platform and labels; ` +
    `at most ${RUNNER_KINDS_MAX} are possible\nhint: use fewer labels (node) for its pipelines`
  )
}
