import { quote } from '../diagnostics/quote.js'
import type { Reporter } from '../diagnostics/reporter.js'
import { builderOfStep } from '../builders/builder-step.js'
import type { Dialect } from '../convert/dialect.js'
import { allSteps, isDetached, type NamedStep } from '../schema/all-steps.js'
import type { DecodedPipeline } from '../schema/pipeline-shape.js'

/** Reports keys of steps that do nothing beside others, or are missing beside others. */
export function checkSteps(pipeline: DecodedPipeline, dialect: Dialect, reporter: Reporter): void {
  const type = pipeline.type?.value ?? 'docker'
  const isExec = type === 'exec'
  if (type === 'docker') checkSystem(pipeline, reporter)
  for (const named of allSteps(pipeline)) {
    checkProgram(named, reporter)
    checkReadiness(named, reporter)
    checkMemory(named, reporter)
    if (!isExec) checkBuilder(named, reporter)
    checkPublish(named, isExec, reporter)
    if (isExec) checkExec(named, dialect, reporter)
  }
}

/** Images there are for two systems. */
function checkSystem({ platform }: DecodedPipeline, reporter: Reporter): void {
  const os = platform?.os
  if (os === undefined || os.value === 'linux' || os.value === 'windows') return
  const message = `no runner of the type \`docker\` has the os ${quote(os.value)}`
  const hint = 'for steps without images write `type: exec`'
  reporter.warning('SP_PIPELINE_VALUE', os.node.span, message, hint)
}

/** Drone lets `commands` win, too. */
function checkProgram({ step }: NamedStep, reporter: Reporter): void {
  for (const key of ['entrypoint', 'command'] as const) {
    const program = step[key]
    if (step.commands === undefined || program === undefined) continue
    const message = `\`${key}\` has no effect beside \`commands\``
    reporter.warning('SP_PIPELINE_NO_EFFECT', program.node.span, message)
  }
  if (step.commands !== undefined || step.shell === undefined) return
  const message = '`shell` has no effect without `commands`'
  reporter.warning('SP_PIPELINE_NO_EFFECT', step.shell.node.span, message)
}

function checkReadiness(named: NamedStep, reporter: Reporter): void {
  if (isDetached(named)) return
  for (const key of ['healthcheck', 'ports'] as const) {
    if (named.step[key] === undefined) continue
    const span = named.step.node.entries.get(key)?.keySpan ?? named.step.node.span
    const message = `\`${key}\` has no effect on a step that is waited for until its end`
    const hint = 'declare it among the `services`, or set `detach: true`'
    reporter.warning('SP_PIPELINE_NO_EFFECT', span, message, hint)
  }
}

/** There is a layer to be published where commands have written one, and have ended. */
function checkPublish(named: NamedStep, isExec: boolean, reporter: Reporter): void {
  const { publish, commands, node } = named.step
  if (publish === undefined) return
  const span = node.entries.get('publish')?.keySpan ?? node.span
  const message = isExec
    ? '`publish` needs a step with an image'
    : isDetached(named)
      ? '`publish` needs a step that is waited for until its end'
      : '`publish` needs a step with `commands`'
  if (isExec || isDetached(named) || commands === undefined) {
    reporter.error('SP_PIPELINE_VALUE', span, message)
  }
}

/** What a plugin would need for its Docker daemon, the runner's own builder needs not. */
function checkBuilder(named: NamedStep, reporter: Reporter): void {
  if (builderOfStep(named) === undefined) return
  const { step } = named
  for (const key of ['privileged', 'volumes', 'devices'] as const) {
    const entry = step.node.entries.get(key)
    if (entry === undefined || (key === 'privileged' && step.privileged?.value !== true)) continue
    const message = `\`${key}\` has no effect here: the runner itself builds the image, without Docker`
    reporter.warning('SP_PIPELINE_NO_EFFECT', entry.keySpan, message, 'take it out')
  }
}

function checkMemory({ step }: NamedStep, reporter: Reporter): void {
  if (step.mem_limit === undefined || step.resources?.memoryBytes === undefined) return
  const message = '`mem_limit` has no effect beside the `memory` of `resources`'
  reporter.warning('SP_PIPELINE_NO_EFFECT', step.mem_limit.node.span, message)
}

function checkExec({ step, name }: NamedStep, dialect: Dialect, reporter: Reporter): void {
  const { commands, entrypoint, command, node } = step
  if (commands !== undefined || entrypoint !== undefined) return
  // What was refused is told already.
  if (node.entries.has('commands') && node.entries.get('commands')?.value.weight !== 1) return
  const message = `step ${quote(name)} needs the key \`commands\`: there is no image whose program could run`
  const isError = dialect === 'sandpiper' || command !== undefined
  reporter[isError ? 'error' : 'warning']('SP_PIPELINE_MISSING_KEY', node.span, message)
}
