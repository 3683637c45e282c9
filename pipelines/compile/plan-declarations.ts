import type { Plan } from '../plan.js'
import type { Declaration } from '../schema/decode-declaration.js'

/** What the documents of a file declare beside pipelines. */
export function planDeclarations(
  declarations: readonly Declaration[],
): Pick<Plan, 'secrets' | 'crons'> {
  const secrets = declarations.flatMap(({ secret }) => secret ?? [])
  const crons = declarations.flatMap(({ cron }) => cron ?? [])
  return {
    ...(secrets.length === 0 ? {} : { secrets }),
    ...(crons.length === 0 ? {} : { crons }),
  }
}
