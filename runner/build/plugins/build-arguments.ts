import { badSetting, listOf, type Settings } from './values.js'

/**
 * Build arguments: those of `build_args`, where a name alone takes the value of a variable of the step, and
 * `build_args_from_env`, each in small and in capital letters, as well as the proxies of the step.
 */
export function buildArguments(settings: Settings): ReadonlyMap<string, string> {
  const { env } = settings
  const isNew = settings.flag(['MULTIPLE_BUILD_ARGS'], false)
  const given = isNew ? settings.text('BUILD_ARGS_NEW').split(';') : settings.list('BUILD_ARGS')
  const args = new Map<string, string>()
  for (const text of given.map((one) => one.trim()).filter((one) => one !== '')) {
    const equals = text.indexOf('=')
    const value = equals < 0 ? env[text] : text.slice(equals + 1)
    if (equals === 0) throw badSetting('build_args', 'has no name before =')
    if (value !== undefined) args.set(equals < 0 ? text : text.slice(0, equals), value)
  }
  const forwarded = [
    ...settings.list('BUILD_ARGS_FROM_ENV'),
    'http_proxy',
    'https_proxy',
    'no_proxy',
  ]
  for (const name of forwarded) {
    const value = env[name] ?? env[name.toUpperCase()] ?? ''
    if (value === '' || args.has(name)) continue
    args.set(name, value)
    if (!args.has(name.toUpperCase())) args.set(name.toUpperCase(), value)
  }
  return args
}

/** Where the value of a secret of a build is. */
export type SecretSource =
  | { readonly id: string; readonly kind: 'value'; readonly value: string }
  /** Path in the workspace. */
  | { readonly id: string; readonly kind: 'file'; readonly path: string }

/** The secrets that RUN --mount=type=secret can have. @throws SandpiperError SP_BUILD_SETTING */
export function buildSecrets(settings: Settings): readonly SecretSource[] {
  const { env } = settings
  const ofEnv = (id: string, name: string): SecretSource[] => {
    const value = env[name]
    return value === undefined ? [] : [{ id, kind: 'value', value }]
  }
  const pairs = (names: readonly string[]): [string, string][] =>
    names.map((text) => {
      const equals = text.indexOf('=')
      if (equals < 1) throw badSetting('secrets_from_env', 'is a list of ID=VARIABLE or ID=PATH')
      return [text.slice(0, equals), text.slice(equals + 1)]
    })
  return [
    ...specsOf(settings).flatMap((spec) => secretOf(spec, ofEnv)),
    ...pairs(settings.list('SECRETS_FROM_ENV')).flatMap(([id, name]) => ofEnv(id, name)),
    ...pairs(settings.list('SECRETS_FROM_FILE')).map(([id, path]): SecretSource => ({
      id,
      kind: 'file',
      path,
    })),
  ]
}

/** `secret` is one of them, with commas in it; `secrets` a list, in which those are escaped. */
function specsOf(settings: Settings): string[] {
  const one = settings.text('SECRET')
  const many = settings.text('SECRETS')
  const list = many.includes('\\,') ? listOf(many) : many.split(/,(?=id=)/)
  return [one, ...list].filter((spec) => spec !== '')
}

function secretOf(
  spec: string,
  ofEnv: (id: string, name: string) => SecretSource[],
): SecretSource[] {
  const fields = new Map(
    spec.split(',').map((field): [string, string] => {
      const equals = field.indexOf('=')
      return [field.slice(0, Math.max(equals, 0)).trim(), field.slice(equals + 1)]
    }),
  )
  const id = fields.get('id') ?? ''
  if (id === '') throw badSetting('secret', 'needs an id: id=NAME,env=VARIABLE')
  const path = fields.get('src') ?? fields.get('source')
  if (path !== undefined) return [{ id, kind: 'file', path }]
  return ofEnv(id, fields.get('env') ?? id)
}
