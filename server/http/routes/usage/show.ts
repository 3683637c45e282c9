import type { App, HttpContext } from '../../app-types.js'
import { stepOf } from '../../lookup.js'
import { renderUsage, renderUsagePoint } from '../../render/usage.js'
import { StepParams } from '../../schemas/params.js'
import { Type } from 'typebox'
import { UsagePoint, UsageTotals } from '../../schemas/usage.js'

const StepUsage = Type.Object({
  name: Type.String(),
  status: Type.String(),
  totals: Type.Union([UsageTotals, Type.Null()]),
  points: Type.Array(UsagePoint),
})

/**
 * `GET /api/repos/:owner/:name/builds/:number/usage/:stage/:step`: what a step used, or has used so far while
 * it runs, in all and as a series.
 */
export function showUsage(app: App, { services }: HttpContext): void {
  const schema = {
    operationId: 'showUsage',
    summary: 'Show what a step used',
    tags: ['builds'],
    params: StepParams,
    response: { 200: StepUsage },
  }
  const url = '/repos/:owner/:name/builds/:number/usage/:stage/:step'
  app.get(url, { schema, config: { access: 'repo:read' } }, async (request) => {
    const step = await stepOf(services, request.params)
    const points = await services.builds.usageSeries(step)
    const { name, status } = step
    const totals = renderUsage(step.usage_json)
    return { name, status, totals, points: points.map(renderUsagePoint) }
  })
}
