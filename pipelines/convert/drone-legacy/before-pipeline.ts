import type { Reporter } from '../../diagnostics/reporter.js'
import type { Document, MapNode } from '../../parse/tree.js'

/** Drone before 0.5 is told from its keys, and not converted: too little of it means the same today. */
export function refuseBeforePipeline(
  { entries }: MapNode,
  reporter: Reporter,
): readonly Document[] {
  const version = entries.has('build') ? '0.4' : '0.3'
  const span = (entries.get('build') ?? entries.get('script'))?.keySpan ?? { start: 0, end: 0 }
  const message = `files of Drone ${version} can't be converted`
  const hint = 'write a pipeline with a list of `steps`, each with `image` and `commands`'
  reporter.error('SP_PIPELINE_KIND', span, message, hint)
  return []
}
