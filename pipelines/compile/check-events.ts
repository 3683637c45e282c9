import { quote } from '../diagnostics/quote.js'
import type { Reporter } from '../diagnostics/reporter.js'
import { OPTIONAL_EVENTS } from '../event.js'
import { allSteps } from '../schema/all-steps.js'
import type { Conditions } from '../schema/conditions-shape.js'
import type { DecodedPipeline } from '../schema/pipeline-shape.js'

/** Warns of steps that are written for an event that their pipeline does not run for. */
export function checkEvents(pipeline: DecodedPipeline, reporter: Reporter): void {
  for (const event of OPTIONAL_EVENTS) {
    // What a pattern could mean is not asked: it may match the usual events as well.
    if (eventsOf(pipeline.trigger).some(({ sources }) => sources.some(isNamed(event)))) continue
    for (const { step } of allSteps(pipeline)) {
      const naming = eventsOf(step.when).find(({ sources }) => sources.includes(event))
      if (naming === undefined) continue
      const message = `the pipeline does not run for the event ${quote(event)}`
      const hint = `name ${quote(event)} in \`event\` of its \`trigger\`, with the other events that it is for`
      reporter.warning('SP_PIPELINE_NO_EFFECT', naming.span, message, hint)
    }
  }
}

function isNamed(event: string): (source: string) => boolean {
  return (source) => source === event || /[*?[{]/.test(source)
}

function eventsOf(conditions: Conditions | undefined) {
  return (conditions?.alternatives ?? []).flatMap(({ event }) =>
    event === undefined
      ? []
      : [{ sources: event.include.map(({ source }) => source), span: event.node.span }],
  )
}
