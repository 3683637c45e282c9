import { quote } from '../diagnostics/quote.js'
import type { Reporter } from '../diagnostics/reporter.js'
import { didYouMean } from '../diagnostics/did-you-mean.js'
import type { SandboxStep, VolumePlan } from '../plan.js'
import { allSteps } from '../schema/all-steps.js'
import type { DecodedPipeline } from '../schema/pipeline-shape.js'
import type { DecodedVolume } from '../schema/volume-shape.js'

const declared = new WeakMap<DecodedPipeline, ReadonlyMap<string, DecodedVolume>>()

/** The volumes of a pipeline by name; of two with one name the last. */
export function declaredVolumes(pipeline: DecodedPipeline): ReadonlyMap<string, DecodedVolume> {
  const known = declared.get(pipeline)
  if (known !== undefined) return known
  const items = pipeline.volumes?.items ?? []
  const volumes = new Map(items.map((volume) => [volume.name, volume]))
  declared.set(pipeline, volumes)
  return volumes
}

/** Reports volumes with the same name and warns of mounts that mount nothing. */
export function checkVolumes(pipeline: DecodedPipeline, reporter: Reporter): void {
  const names = new Set<string>()
  for (const { name, node } of pipeline.volumes?.items ?? []) {
    if (names.has(name)) {
      const message = `there is another volume with the name ${quote(name)}; the last one counts`
      reporter.warning('SP_PIPELINE_DUPLICATE_NAME', node.span, message)
    }
    names.add(name)
  }
  for (const { step, name: stepName } of allSteps(pipeline)) {
    for (const { name } of step.volumes?.items ?? []) {
      if (name === undefined || names.has(name.value)) continue
      const message = `${quote(stepName)} mounts ${quote(name.value)}, but there is no such volume`
      const hint = () => didYouMean(name.value, names) ?? 'declare it in `volumes` of the pipeline'
      reporter.warning('SP_PIPELINE_NO_EFFECT', name.node.span, message, hint)
    }
  }
}

/** The volumes that the given steps mount: a stage does not ask for what it does not use. */
export function usedVolumes(
  pipeline: DecodedPipeline,
  steps: readonly Pick<SandboxStep, 'mounts'>[],
): VolumePlan[] {
  const used = new Set(steps.flatMap(({ mounts }) => (mounts ?? []).map(({ volume }) => volume)))
  return [...declaredVolumes(pipeline).values()]
    .filter(({ name, isForeign }) => used.has(name) && !isForeign)
    .map((volume) => planVolume(volume))
}

function planVolume({ name, temp, host }: DecodedVolume): VolumePlan {
  const path = host?.path?.value
  if (path !== undefined) return { kind: 'host', name, path }
  const sizeBytes = temp?.size_limit?.value
  return {
    kind: 'temp',
    name,
    medium: temp?.medium?.value ?? 'disk',
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
  }
}
