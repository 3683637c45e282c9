import type { MapNode } from '../parse/tree.js'
import type { CronPlan, SecretPlan } from '../plan.js'
import {
  CRON_KEYS,
  type DecodedCron,
  type DecodedSecret,
  REGISTRY_KEYS,
  SECRET_KEYS,
  SIGNATURE_KEYS,
} from './declaration-shapes.js'
import { decodeObject } from './object.js'
import type { DecodeContext } from './shape.js'

/** What a document declares that is no pipeline; empty where nothing follows from it. */
export interface Declaration {
  readonly secret?: SecretPlan
  readonly cron?: CronPlan
}

/** Decodes documents by kind. What could not be read is reported, and left out. */
export const DECLARATIONS: Readonly<
  Record<string, (node: MapNode, context: DecodeContext) => Declaration>
> = {
  secret: (node, context) =>
    secret(decodeObject(SECRET_KEYS, {}, node, context, 'a secret'), context),
  cron: (node, context) => cron(decodeObject(CRON_KEYS, {}, node, context, 'a cron job'), context),
  signature(node, context) {
    decodeObject(SIGNATURE_KEYS, {}, node, context, 'a signature')
    return noEffect(node, context, 'the signature is not verified')
  },
  registry(node, context) {
    decodeObject(REGISTRY_KEYS, {}, node, context, 'a registry')
    const hint = 'name a secret with credentials in `image_pull_secrets`'
    return noEffect(node, context, 'the document has no effect', hint)
  },
}

function secret({ name, data, get, node }: DecodedSecret, context: DecodeContext): Declaration {
  if (name === undefined) return {}
  if (data === undefined && get?.path === undefined) {
    if (get !== undefined) return {} // its missing path is told already
    const message = 'a secret needs one of the keys `data` and `get`'
    context.reporter.error('SP_PIPELINE_MISSING_KEY', node.span, message)
    return {}
  }
  if (data !== undefined) return { secret: { name: name.value, data: data.value } }
  const from = {
    path: get?.path?.value ?? '',
    ...(get?.name === undefined ? {} : { name: get.name.value }),
    ...(get?.key === undefined ? {} : { key: get.key.value }),
  }
  return { secret: { name: name.value, get: from } }
}

function cron({ name, spec, node }: DecodedCron, context: DecodeContext): Declaration {
  const isWhole = name !== undefined && spec?.schedule !== undefined && spec.branch !== undefined
  if (!isWhole) {
    noEffect(node, context, CRON_UNUSED, cronHint(null))
    return {}
  }
  const target = spec.deployment?.target?.value
  const plan = {
    name: name.value,
    schedule: spec.schedule.value,
    branch: spec.branch.value,
    ...(target === undefined ? {} : { target }),
  }
  noEffect(node, context, CRON_UNUSED, cronHint(plan))
  return { cron: plan }
}

const CRON_UNUSED = 'nothing is started by this: as with Drone the server keeps the crons of a repo'

/** What needs no care in a shell but quotes around it. */
const PLAIN = /^[A-Za-z0-9_.][A-Za-z0-9_./-]*$/
const PLAIN_SCHEDULE = /^(?:@[a-z]+|[A-Za-z0-9*?/, -]+)$/

/** The command that sets the cron up, where the words of the file can stand in one. */
function cronHint(cron: CronPlan | null): string {
  const isPlain =
    cron !== null &&
    [cron.name, cron.branch, cron.target ?? 'none'].every((word) => PLAIN.test(word)) &&
    PLAIN_SCHEDULE.test(cron.schedule)
  if (!isPlain) return 'set it up once with `sandpiper cron add`'
  const target = cron.target === undefined ? '' : ` --target ${cron.target}`
  const words = `OWNER/NAME ${cron.name} '${cron.schedule}' --branch ${cron.branch}${target}`
  return `set it up once: \`sandpiper cron add ${words}\``
}

function noEffect(
  node: MapNode,
  { reporter }: DecodeContext,
  message: string,
  hint?: string,
): Declaration {
  const kind = node.entries.get('kind')
  reporter.warning('SP_PIPELINE_NO_EFFECT', kind?.value.span ?? node.span, message, hint)
  return {}
}
