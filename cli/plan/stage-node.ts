import type {
  ClonePlan,
  ConcurrencyPlan,
  LeftOut,
  Platform,
  StagePlan,
  VolumePlan,
} from '../../pipelines/index.js'
import { formatBytes, formatDuration } from '../terminal/duration.js'
import { cleanName } from '../terminal/log-lines.js'
import { type Bold, demandNodes, stepNode } from './step-node.js'
import type { TreeNode } from './tree.js'
import { count, detail, pairs, runsOn } from './words.js'

/** How names stand out: what runs, and what does not. */
export interface Emphasis {
  readonly bold: Bold
  readonly faint: (text: string) => string
}

/** A pipeline, or one combination of its matrix: its own facts, its steps, and those left out. */
export function stageNode(stage: StagePlan, style: Emphasis): TreeNode {
  const { name, type, platform, demands = [], steps, leftOut = [] } = stage
  return {
    text: `pipeline ${style.bold(cleanName(name))}: ${cleanName(`${type}, ${describePlatform(platform)}`)}`,
    children: [
      ...facts(stage),
      ...demandNodes(demands.filter((demand) => demand.step === undefined)),
      ...steps.map((step) => stepNode(step, stage, style.bold)),
      ...leftOut.map((one) => leftOutNode('step', one, style)),
    ],
  }
}

/** What does not run, and why. */
export function leftOutNode(
  kind: 'step' | 'pipeline',
  { name, reason }: LeftOut,
  { faint }: Emphasis,
): TreeNode {
  return { text: faint(`${kind} ${cleanName(name)} does not run: ${cleanName(reason)}`) }
}

function facts(stage: StagePlan): TreeNode[] {
  const { timeoutMs, concurrency } = stage
  return [
    ...detail('after', stage.dependsOn.join(', ')),
    ...runsOn(stage.runOn),
    ...detail('matrix', pairs(stage.matrix)),
    ...detail('labels', pairs(stage.labels)),
    ...detail('concurrency', concurrency && describeConcurrency(concurrency)),
    ...detail('timeout', timeoutMs === undefined ? '' : formatDuration(timeoutMs)),
    ...detail('clone', describeClone(stage.clone)),
    ...detail('workspace', stage.workspace),
    ...detail('volumes', (stage.volumes ?? []).map(describeVolume).join(', ')),
    ...detail('registry credentials', (stage.imagePullSecrets ?? []).join(', ')),
  ]
}

function describePlatform({ os, arch, variant, version }: Platform): string {
  return [`${os}/${arch}`, variant, version].filter((part) => part !== undefined).join(' ')
}

function describeConcurrency({ group, limit, cancelPrevious }: ConcurrencyPlan): string {
  const newer = cancelPrevious ? ', newer builds end older ones' : ''
  return `group ${group}, ${limit} at once${newer}`
}

function describeClone({ disabled, depth, retries, skipVerify = false }: ClonePlan): string {
  if (disabled) return 'disabled'
  return [
    depth === undefined ? '' : depth === 0 ? 'all of the history' : count(depth, 'commit'),
    retries === undefined ? '' : `${retries} more tries`,
    skipVerify ? "the server's certificate is not checked" : '',
  ]
    .filter((part) => part !== '')
    .join(', ')
}

function describeVolume(volume: VolumePlan): string {
  if (volume.kind === 'host') return `${volume.name} (${volume.path} of the host)`
  const size = volume.sizeBytes === undefined ? '' : `, ${formatBytes(volume.sizeBytes)}`
  return `${volume.name} (${volume.medium === 'memory' ? 'in memory' : 'empty'}${size})`
}
