import type { Reporter, Span } from '../diagnostics/reporter.js'
import { quote } from '../diagnostics/quote.js'
import { builderOfStep } from '../builders/builder-step.js'
import type { Demand } from '../plan.js'
import { allSteps, type NamedStep } from '../schema/all-steps.js'
import type { DecodedPipeline } from '../schema/pipeline-shape.js'
import { declaredVolumes } from './volumes.js'

/** Something that is asked for, where it is written. */
interface Asked {
  readonly what: string
  readonly span: Span
}

/** Warns of everything that no runner gives by default, also in steps that this event leaves out. */
export function checkDemands(pipeline: DecodedPipeline, reporter: Reporter): void {
  const asked = [...hostVolumes(pipeline), ...allSteps(pipeline).flatMap((named) => askedBy(named))]
  for (const { what, span } of asked) {
    const message = `${quote(what)} asks for what no runner gives unless it was set up to`
    const hint = what.startsWith('host:') ? HOST_HINT : HINT
    reporter.warning('SP_PIPELINE_NEEDS_TRUST', span, message, hint)
  }
}

const HINT =
  'take it out, or the pipeline ends before its first step; other pipelines of the file run'
const HOST_HINT =
  'share files through a volume with `temp: {}`, or the pipeline ends before its first step'

/** What the steps that run ask for, each with its place, for the runner to refuse. */
export function demandsOf(
  pipeline: DecodedPipeline,
  running: readonly NamedStep[],
  reporter: Reporter,
): Demand[] {
  const mounted = new Set(
    running
      .filter(isSandboxed)
      .flatMap(({ step }) => (step.volumes?.items ?? []).map(({ name }) => name?.value)),
  )
  const ofPipeline = hostVolumes(pipeline).filter(({ volume }) => mounted.has(volume))
  const ofSteps = running.flatMap((named) =>
    askedBy(named).map((asked) => ({ ...asked, step: named.name })),
  )
  return [...ofPipeline.map(({ what, span }) => ({ what, span })), ...ofSteps].map(
    ({ span, ...demand }) => ({ ...demand, at: placeOf(span, reporter) }),
  )
}

function hostVolumes(pipeline: DecodedPipeline): (Asked & { readonly volume: string })[] {
  return [...declaredVolumes(pipeline).values()].flatMap(({ name, host }) => {
    const path = host?.path
    if (path === undefined) return []
    return [{ what: `host: {path: ${path.value}}`, span: path.node.span, volume: name }]
  })
}

/** Images are built by the runner itself, without the rights and mounts that its plugin would need. */
function isSandboxed(named: NamedStep): boolean {
  return builderOfStep(named) === undefined
}

function askedBy(named: NamedStep): Asked[] {
  const { step } = named
  const asked: Asked[] = []
  if (step.privileged?.value === true && isSandboxed(named)) {
    asked.push({ what: 'privileged: true', span: step.privileged.node.span })
  }
  for (const { path, node } of step.devices?.items ?? []) {
    asked.push({ what: `devices: ${path?.value ?? ''}`, span: node.span })
  }
  const mode = step.network_mode
  if (mode !== undefined && !HARMLESS_NETWORKS.includes(mode.value)) {
    asked.push({ what: `network_mode: ${mode.value}`, span: mode.node.span })
  }
  return asked
}

const HARMLESS_NETWORKS = ['none', 'bridge', 'default']

function placeOf(span: Span, reporter: Reporter): string {
  const { file, line, column } = reporter.place(span.start)
  return `${file}:${line}:${column}`
}
