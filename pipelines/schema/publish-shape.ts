import { quote } from '../diagnostics/quote.js'
import type { PublishPlan } from '../plan.js'
import { ARGV } from './argv-shape.js'
import { oneOrMany, textMap } from './collections.js'
import { mapped } from './combinators.js'
import { VARIABLE_NAME } from './environment-shape.js'
import { type Keys, object } from './object.js'
import { ANY_TEXT, LINE, text, wrong } from './scalars.js'
import { decodeSecretRef, isSecretRef, SECRET_REF_SCHEMA, type TextOrSecret } from './secret-ref.js'
import type { Shape } from './shape.js'

/** Tags that one image can get. */
const TAGS_MAX = 100

const REPOSITORY = text({
  pattern: '^[^\\s@\\u0000-\\u001f\\u007f]+$',
  rule: 'be the name of an image, without a tag',
})

/**
 * Values of an event, such as `${DRONE_TAG}`, may be empty or no tag where the step does not run: the runner
 * tells what can be none.
 */
const TAG = text({ pattern: '^[^\\u0000-\\u001f\\u007f]{0,256}$', rule: 'be one line of text' })

const PASSWORD = text({ ...ANY_TEXT, lengthMax: 16_384 })

/** Text, or the name of a secret. */
const VALUE_OR_SECRET: Shape<TextOrSecret> = {
  schema: { anyOf: [PASSWORD.schema, SECRET_REF_SCHEMA] },
  emptyAllowed: false,
  decode(node, context, where) {
    if (isSecretRef(node)) {
      const secret = decodeSecretRef(node, context)
      return secret === null ? null : { secret }
    }
    const decoded = PASSWORD.decode(node, context, where)
    return decoded === null ? null : { value: decoded.value }
  },
}

const PUBLISH_KEYS = {
  repo: {
    shape: REPOSITORY,
    required: true,
    origin: 'sandpiper',
    description: 'Name of the image that is pushed, with its registry and without a tag.',
    example: 'repo: registry.example.com/octo/hello',
  },
  tags: {
    shape: oneOrMany(TAG),
    default: 'latest',
    origin: 'sandpiper',
    description:
      'Its tags, one or a list. Empty ones, such as `${DRONE_TAG}` of a push, do not count.',
    example: 'tags: [latest, "1.2"]',
  },
  username: {
    shape: VALUE_OR_SECRET,
    origin: 'sandpiper',
    description:
      'Name to log in to the registry with. Default: by `image_pull_secrets`, and with `sandpiper exec` what ' +
      'your `config.json` has; what a runner has lets pipelines pull, and none push.',
    example: 'username: octo',
  },
  password: {
    shape: VALUE_OR_SECRET,
    origin: 'sandpiper',
    description: 'Password for that. The step itself does not see it.',
    example: 'password:\n  from_secret: registry_password',
  },
  entrypoint: {
    shape: ARGV,
    origin: 'sandpiper',
    description: "Program of the new image. Default: that of the step's image.",
    example: 'entrypoint: [/usr/bin/hello]',
  },
  cmd: {
    shape: ARGV,
    origin: 'sandpiper',
    description:
      "Arguments of the program. Default: those of the step's image, without any beside `entrypoint`.",
    example: 'cmd: [--serve]',
  },
  env: {
    shape: textMap({ names: VARIABLE_NAME, values: { ...ANY_TEXT, lengthMax: 16_384 } }),
    origin: 'sandpiper',
    description: "Variables of the new image, beside those of the step's image.",
    example: 'env:\n  PORT: 8080',
  },
  workdir: {
    shape: text({ pattern: '^/[^\\u0000-\\u001f\\u007f]*$', rule: 'be an absolute path' }),
    origin: 'sandpiper',
    description: 'Directory that the new image starts in.',
    example: 'workdir: /srv',
  },
  user: {
    shape: text({
      pattern: '^[^\\s:\\u0000-\\u001f]+(:[^\\s:\\u0000-\\u001f]+)?$',
      rule: 'be a user, or `user:group`',
    }),
    origin: 'sandpiper',
    description: 'User that the new image runs as.',
    example: 'user: nobody',
  },
  labels: {
    shape: textMap({ names: LINE, values: { ...ANY_TEXT, lengthMax: 4096 } }),
    origin: 'sandpiper',
    description: 'Labels of the new image.',
    example: 'labels:\n  org.opencontainers.image.vendor: octo',
  },
} satisfies Keys

/** What a step writes to its root becomes an image. */
export const PUBLISH: Shape<PublishPlan> = mapped(
  object(PUBLISH_KEYS),
  ({ repo, tags, username, password, ...more }, node, context, where) => {
    if (repo === undefined) return null
    if (/:[^/]*$/.test(repo.value)) {
      const message = `\`repo\` of ${where} has a tag: ${quote(repo.value)}`
      return wrong(repo.node, context, message, 'name it in `tags`')
    }
    const written = tags?.items.map(({ value }) => value) ?? ['latest']
    const names = [...new Set(written)].filter((tag) => tag !== '')
    if (written.length === 0 || names.length > TAGS_MAX) {
      return wrong(node, context, `\`tags\` of ${where} must have 1 to ${TAGS_MAX} entries`)
    }
    const { entrypoint, cmd, env, workdir, user, labels } = more
    return {
      ...{ repo: repo.value, tags: names },
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(entrypoint === undefined ? {} : { entrypoint }),
      ...(cmd === undefined ? {} : { cmd }),
      ...(env === undefined ? {} : { env }),
      ...(workdir === undefined ? {} : { workdir: workdir.value }),
      ...(user === undefined ? {} : { user: user.value }),
      ...(labels === undefined ? {} : { labels }),
    }
  },
)
