import type { LocatedList } from './collections.js'
import type { DecodedPipeline } from './pipeline-shape.js'
import type { DecodeContext } from './shape.js'
import type { DecodedStep } from './step-shape.js'

type Steps = LocatedList<DecodedStep> | undefined

/** Gives steps without a name one that no other has: `step-3` for the third, `service-1`. */
export function nameSteps(pipeline: DecodedPipeline, context: DecodeContext): DecodedPipeline {
  const all = [...(pipeline.services?.items ?? []), ...(pipeline.steps?.items ?? [])]
  if (all.every(({ name }) => name !== undefined)) return pipeline
  const taken = new Set(all.flatMap(({ name }) => (name === undefined ? [] : [name.value])))
  return {
    ...pipeline,
    services: named(pipeline.services, 'service', taken, context),
    steps: named(pipeline.steps, 'step', taken, context),
  }
}

function named(steps: Steps, noun: string, taken: Set<string>, context: DecodeContext): Steps {
  return (
    steps && {
      ...steps,
      items: steps.items.map((step, index) => {
        if (step.name !== undefined) return step
        const value = freeName(`${noun}-${index + 1}`, taken)
        const message = `a ${noun} has no name; it is called \`${value}\``
        context.reporter.warning('SP_PIPELINE_MISSING_KEY', step.node.span, message)
        return { ...step, name: { value, node: step.node } }
      }),
    }
  )
}

function freeName(wanted: string, taken: Set<string>): string {
  let name = wanted
  for (let suffix = 2; taken.has(name); suffix++) name = `${wanted}-${suffix}`
  taken.add(name)
  return name
}
