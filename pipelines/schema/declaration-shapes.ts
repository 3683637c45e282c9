import { ANYTHING, mapped } from './combinators.js'
import { textMap } from './collections.js'
import { NAME } from './name-shape.js'
import { type DecodedObject, type Keys, object } from './object.js'
import { ANY_TEXT, choice, LINE, text, wrong } from './scalars.js'

/** What documents declare that are no pipelines. */

const kind = <const K extends string>(name: K) => ({
  shape: choice([name]),
  required: true,
  description: 'What the document is.',
})

/** Drone's own files have it on documents of every kind. */
const TYPE = { shape: text(LINE), description: 'No effect, as in Drone.' }

const GET_KEYS = {
  path: { shape: text(LINE), required: true, description: 'Where the secret is in the store.' },
  name: { shape: text(LINE), description: 'Which part of it is meant.' },
  key: { shape: text(LINE), description: 'Another word for `name`, which older stores want.' },
} satisfies Keys

/** `kind: secret` */
export const SECRET_KEYS = {
  kind: kind('secret'),
  type: TYPE,
  name: { shape: NAME, required: true, description: 'Name that `from_secret` takes it by.' },
  data: {
    shape: text(ANY_TEXT),
    description: 'The value, encrypted for the repo.',
  },
  get: {
    shape: object(GET_KEYS),
    description: 'Where the value is in a store of secrets outside.',
    example: 'kind: secret\nname: token\nget:\n  path: secret/data/docker\n  name: token',
  },
} satisfies Keys

const HMAC = mapped(
  text(LINE),
  (hmac, node, { reporter }, where) => {
    if (/^[0-9a-fA-F]{64}$/.test(hmac.value)) return hmac
    const message = `${where} is no HMAC-SHA256, which has 64 hexadecimal digits`
    reporter.warning('SP_PIPELINE_VALUE', node.span, message)
    return hmac
  },
  { type: 'string', pattern: '^[0-9a-fA-F]{64}$' },
)

/** `kind: signature` */
export const SIGNATURE_KEYS = {
  kind: kind('signature'),
  type: TYPE,
  hmac: {
    shape: HMAC,
    required: true,
    description: 'HMAC-SHA256 of the other documents, as Drone signs them. It is not verified.',
  },
} satisfies Keys

const FIELD = /^(?:\*|\?|\d{1,2}|[A-Za-z]{3})(?:-(?:\d{1,2}|[A-Za-z]{3}))?(?:\/\d{1,3})?$/
const SHORTHAND = /^@(?:yearly|annually|monthly|weekly|daily|midnight|hourly|every \S+)$/
const SCHEDULE_LENGTH_MAX = 256

const SCHEDULE = mapped(
  text({ ...LINE, lengthMax: SCHEDULE_LENGTH_MAX }),
  (schedule, node, context, where) => {
    const fields = schedule.value.trim().split(/\s+/)
    const isList = fields.length === 5 || fields.length === 6
    const parts = fields.flatMap((field) => field.split(','))
    if (SHORTHAND.test(schedule.value.trim())) return schedule
    if (isList && parts.every((part) => FIELD.test(part))) return schedule
    const hint = 'write five or six fields such as `0 4 * * *`, or `@daily`'
    return wrong(node, context, `${where} is not a schedule`, hint)
  },
)

const DEPLOYMENT_KEYS = {
  target: { shape: text(LINE), description: 'Environment to deploy to.' },
} satisfies Keys

const SPEC_KEYS = {
  schedule: {
    shape: SCHEDULE,
    required: true,
    description: 'When: five or six fields as in crontab(5), or `@daily` and the like.',
    example: 'schedule: "0 4 * * *"',
  },
  branch: { shape: text(LINE), required: true, description: 'Branch to build.' },
  deployment: { shape: object(DEPLOYMENT_KEYS), description: 'What the build deploys.' },
} satisfies Keys

/** `kind: cron` */
export const CRON_KEYS = {
  kind: kind('cron'),
  type: TYPE,
  name: {
    shape: NAME,
    required: true,
    description: 'Name of the job; conditions on `cron` match it.',
  },
  spec: {
    shape: object(SPEC_KEYS),
    required: true,
    description:
      'When to build what. The file starts nothing: set it up with `sandpiper cron add`.',
    example: 'kind: cron\nname: nightly\nspec:\n  schedule: "@daily"\n  branch: main',
  },
} satisfies Keys

/** `kind: registry` */
export const REGISTRY_KEYS = {
  kind: kind('registry'),
  type: TYPE,
  name: { shape: NAME, description: 'Name of the document.' },
  data: {
    shape: textMap({ names: LINE, values: ANY_TEXT }),
    required: true,
    description: 'Credentials by registry. No effect, as in Drone: use `image_pull_secrets`.',
  },
} satisfies Keys

/** `kind: template`. It is replaced before documents are decoded. */
export const TEMPLATE_KEYS = {
  kind: kind('template'),
  name: { shape: NAME, description: 'Name of the document.' },
  load: {
    shape: text(LINE),
    required: true,
    description: 'The template, a file of the repo.',
    example: 'kind: template\nload: go.yml\ndata:\n  version: "1.22"',
  },
  data: { shape: ANYTHING, description: 'Values that the template can use.' },
} satisfies Keys

export type DecodedSecret = DecodedObject<typeof SECRET_KEYS>
export type DecodedCron = DecodedObject<typeof CRON_KEYS>
