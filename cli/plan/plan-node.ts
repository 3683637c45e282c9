import type { BuildEvent, Plan, RepoFacts } from '../../pipelines/index.js'
import { cleanName } from '../terminal/log-lines.js'
import { type Emphasis, leftOutNode, stageNode } from './stage-node.js'
import type { TreeNode } from './tree.js'
import { detail } from './words.js'

/** A compiled plan as a tree: what runs for the event, in the order of the file, then what does not. */
export function planNode(
  { stages, skipped, secrets = [], crons = [] }: Plan,
  { event, repo }: { readonly event: BuildEvent; readonly repo: RepoFacts },
  style: Emphasis,
): TreeNode {
  return {
    text: style.bold(cleanName(`${repo.slug}: ${describeEvent(event)}`)),
    children: [
      ...(stages.length === 0 ? [{ text: 'no pipeline runs for this event' }] : []),
      ...stages.map((stage) => stageNode(stage, style)),
      ...skipped.map((one) => leftOutNode('pipeline', one, style)),
      ...crons.flatMap(({ name, schedule, branch }) =>
        detail('cron job', `${name} at ${schedule} on ${branch}`),
      ),
      ...detail('secrets of the file', secrets.map(({ name }) => name).join(', ')),
    ],
  }
}

/** `push to main`, `tag v1`, `promote to prod on main` */
function describeEvent({ event, ref, branch, deployTo, cron, action }: BuildEvent): string {
  const on = branch === '' ? '' : ` on ${branch}`
  switch (event) {
    case 'push':
      return `push to ${branch}`
    case 'tag':
    case 'release':
      return `${event} ${ref.replace('refs/tags/', '')}${on}`
    case 'promote':
    case 'rollback':
      return `${event}${deployTo === '' ? '' : ` to ${deployTo}`}${on}`
    case 'cron':
      return `cron${cron === '' ? '' : ` ${cron}`}${on}`
    case 'custom':
      return `custom${on}`
    default:
      return `${event.replaceAll('_', ' ')}${action === '' ? '' : ` ${action}`} into ${branch}`
  }
}
