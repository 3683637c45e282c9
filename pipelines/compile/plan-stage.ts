import type { ClonePlan, ConcurrencyPlan, Platform, StagePlan } from '../plan.js'
import type { DecodedConcurrency, DecodedPipeline } from '../schema/pipeline-shape.js'
import { compact } from './compact.js'

/** Where and how a stage runs, as its pipeline tells by itself. */
export function stageSettings(
  { labels = {}, timeout, concurrency }: DecodedPipeline,
  name: string,
): Partial<Pick<StagePlan, 'labels' | 'concurrency' | 'timeoutMs'>> {
  return compact({
    labels: Object.keys(labels).length === 0 ? undefined : labels,
    concurrency: concurrency && concurrencyPlan(concurrency.value, name),
    timeoutMs: timeout?.value,
  })
}

function concurrencyPlan(
  { group, limit, cancelPrevious }: DecodedConcurrency,
  name: string,
): ConcurrencyPlan {
  return { group: group ?? name, limit: limit ?? 1, cancelPrevious }
}

/** The platform that a pipeline asks for; what it does not say is the default's. */
export function platformOf({ platform }: DecodedPipeline, fallback: Platform): Platform {
  if (platform === undefined) return fallback
  return {
    os: platform.os?.value ?? fallback.os,
    arch: platform.arch?.value ?? fallback.arch,
    ...compact({ variant: platform.variant?.value, version: platform.version?.value }),
  }
}

/** How the commit is checked out. */
export function clonePlan({ clone }: DecodedPipeline): ClonePlan {
  return {
    disabled: clone?.disable?.value ?? false,
    ...compact({
      depth: clone?.depth?.value,
      retries: clone?.retries?.value,
      skipVerify: clone?.skip_verify?.value === true ? true : undefined,
      trace: clone?.trace?.value === true ? true : undefined,
    }),
  }
}
