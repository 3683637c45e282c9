import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { SandboxStep, StagePlan } from '../../pipelines/plan.js'
import { builderOf } from './builder-of.js'

const run = promisify(execFile)

/** Names of root in `user:` and in images. */
const ROOT = /^(?:root|0|)(?::(?:root|0))?$/

/**
 * Whether a step of the stage runs as someone else than root, by its own word or its image's.
 * @param userOf whom the image of a step runs as; null: somebody, perhaps
 */
export async function hasOtherUsers(
  stage: Pick<StagePlan, 'steps'>,
  userOf: (step: SandboxStep) => Promise<string | null>,
): Promise<boolean> {
  for (const step of stage.steps) {
    // A plugin that the runner stands in for is not run, and its image not brought.
    if (step.kind === 'clone' || builderOf(step) !== undefined) continue
    const user = step.user ?? (await userOf(step))
    if (user === null || !ROOT.test(user)) return true
  }
  return false
}

/**
 * Lets every user of the stage write to a checkout: the checkout is root's, and steps must be able to
 * build in it whoever they are. Nobody outside of the stage can reach it. `chmod` follows no links on
 * its way.
 * @throws AbortError as soon as `signal` is aborted
 */
export async function shareTree(directory: string, signal: AbortSignal): Promise<void> {
  // execFile starts the program also when it is too late, and then kills it.
  signal.throwIfAborted()
  await run('chmod', ['--recursive', 'a+rwX', '--', directory], { signal })
}
