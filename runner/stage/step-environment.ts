import { stepEnvironment } from '../../pipelines/environment/step-environment.js'
import type { StepRun } from './step-run.js'
import type { StepRoot } from './step-root.js'
import { OUTPUT_PATH } from './step-files.js'
import type { StepUser } from './step-user.js'

/** Home of a user that /etc/passwd has none for; Docker's choice. */
const HOME_DEFAULT = '/'

/**
 * Every variable of a step. Later ones win: image, build, facts about the step, what the pipeline says,
 * outputs of other steps, what the step says; where outputs are written to is always ours.
 */
export function environmentOf(
  run: StepRun,
  root: Pick<StepRoot, 'env'>,
  user: StepUser,
  machine: string,
): Record<string, string> {
  const { job, step, number, failedSteps, stageStartedMs } = run
  const facts = stepEnvironment({
    stage: { ...job.stage, number: job.stageNumber, machine, started: stageStartedMs },
    step: { name: step.name, number, type: typeOf(step), started: Date.now() },
    status: failedSteps.length > 0 ? 'failure' : 'success',
    failedSteps,
  })
  return {
    HOME: user.home ?? (user.user === undefined ? '/root' : HOME_DEFAULT),
    ...(user.user === undefined ? {} : trustWorkspace(job.stage.workspace)),
    ...root.env,
    ...job.environment,
    ...facts,
    ...job.stage.environment,
    ...run.inherited,
    ...step.environment,
    ...run.secrets,
    SANDPIPER_OUTPUT: OUTPUT_PATH,
  }
}

/** What Woodpecker calls it. */
function typeOf({ service, kind }: StepRun['step']): 'commands' | 'plugin' | 'service' {
  if (service === true) return 'service'
  return kind === 'commands' ? 'commands' : 'plugin'
}

/** git refuses to work in a checkout of another user's (git-config(1), safe.directory). */
function trustWorkspace(workspace: string): Record<string, string> {
  return {
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'safe.directory',
    GIT_CONFIG_VALUE_0: workspace,
  }
}
