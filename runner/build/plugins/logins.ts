import type { Builder } from '../../../pipelines/index.js'
import type { EcrAccount } from '../../registry/ecr/types.js'
import { badSetting, type Settings } from './values.js'

/** What a registry is shown to be let in. */
export interface RegistryLogin {
  /** `HOST[:PORT]`, as it was written: maybe with a scheme and a path. */
  readonly registry: string
  readonly username: string
  readonly password: string
}

export interface Logins {
  /** The first that holds for a registry counts. */
  readonly logins: readonly RegistryLogin[]
  /** Text of a `config.json`. */
  readonly configs: readonly { readonly source: string; readonly text: string }[]
  /** Keys of Amazon's, which give a password for its registry. */
  readonly aws: readonly EcrAccount[]
}

const HUB = 'docker.io'
const REGION_DEFAULT = 'us-east-1'

/** How the build logs in to registries. @throws SandpiperError SP_BUILD_SETTING */
export function loginsOf(settings: Settings, builder: Builder): Logins {
  const [, vendor = ''] = builder.split('-')
  const listed = listedLogins(settings)
  const base: RegistryLogin = {
    registry:
      settings.textOr(['DOCKER_REGISTRY', 'BASE_IMAGE_REGISTRY'], ['DOCKER_BASE_IMAGE_REGISTRY']) ||
      HUB,
    username: settings.textOr(
      ['DOCKER_USERNAME', 'BASE_IMAGE_USERNAME'],
      ['DOCKER_BASE_IMAGE_USERNAME'],
    ),
    password: settings.textOr(
      ['DOCKER_PASSWORD', 'BASE_IMAGE_PASSWORD'],
      ['DOCKER_BASE_IMAGE_PASSWORD'],
    ),
  }
  const logins = [vendorLogin(settings, vendor), ...listed.logins, base]
  const configs = (['CONFIG', 'DOCKER_CONFIG_JSON'] as const)
    .map((name) => ({ source: `the setting ${name.toLowerCase()}`, text: settings.text(name) }))
    .filter(({ text }) => text !== '')
  return {
    logins: logins.filter(({ password }) => password !== ''),
    configs,
    aws: [...awsKeys(settings, vendor), ...listed.aws],
  }
}

/** Where the plugin of a vendor, or that of Docker itself, logs in. */
function vendorLogin(settings: Settings, vendor: string): RegistryLogin {
  const registry = registryOf(settings, vendor)
  if (vendor === 'gcr' || vendor === 'gar') {
    return { registry, username: '_json_key', password: jsonKey(settings) }
  }
  if (vendor === 'heroku') {
    const password = settings.textOr(['API_KEY'], ['HEROKU_API_KEY'])
    return { registry, username: settings.textOr(['EMAIL'], ['HEROKU_EMAIL']), password }
  }
  const isAzure = vendor === 'acr'
  const names = isAzure ? ['SERVICE_PRINCIPAL_CLIENT_ID'] : ['DOCKER_USERNAME']
  const passwords = isAzure ? ['SERVICE_PRINCIPAL_CLIENT_SECRET'] : ['DOCKER_PASSWORD']
  const username = settings.textOr(['USERNAME'], names)
  return { registry, username, password: settings.textOr(['PASSWORD'], passwords) }
}

/** Where the image goes when its name does not say. */
export function registryOf(settings: Settings, vendor: string): string {
  const given = settings.textOr(['REGISTRY'], ['DOCKER_REGISTRY'])
  if (vendor === 'heroku') return 'registry.heroku.com'
  if (given !== '') return given
  if (vendor === 'gcr') return 'gcr.io'
  if (vendor === 'acr') return 'azurecr.io'
  if (vendor === 'gar') return `${settings.text('LOCATION')}-docker.pkg.dev`
  return HUB
}

/** The key of a service account, which may be in base64. */
function jsonKey(settings: Settings): string {
  const text = settings.textOr(['JSON_KEY'], ['GCR_JSON_KEY', 'GOOGLE_CREDENTIALS', 'TOKEN'])
  if (!/^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(text)) return text
  const decoded = Buffer.from(text, 'base64').toString('utf8')
  return decoded.trimStart().startsWith('{') ? decoded : text
}

/** Variables are read as AWS's own tools read them, too. */
function awsKeys(settings: Settings, vendor: string): EcrAccount[] {
  const accessKey = settings.textOr(
    ['ACCESS_KEY', 'AWS_ACCESS_KEY_ID'],
    ['ECR_ACCESS_KEY', 'AWS_ACCESS_KEY_ID'],
  )
  const isAsked = vendor === 'ecr' || settings.text('AWS_ACCESS_KEY_ID') !== ''
  if (!isAsked || accessKey === '') return []
  const secretKey = settings.textOr(
    ['SECRET_KEY', 'AWS_SECRET_ACCESS_KEY'],
    ['ECR_SECRET_KEY', 'AWS_SECRET_ACCESS_KEY'],
  )
  const region = settings.textOr(['REGION', 'AWS_REGION'], ['ECR_REGION', 'AWS_REGION'])
  return [
    {
      ...{ accessKey, secretKey, region: region || REGION_DEFAULT },
      registry: settings.text('REGISTRY'),
      sessionToken: settings.textOr(['SESSION_TOKEN', 'AWS_SESSION_TOKEN'], ['AWS_SESSION_TOKEN']),
      assumeRole: settings.text('ASSUME_ROLE'),
      externalId: settings.text('EXTERNAL_ID'),
    },
  ]
}

/** `logins`: a list of mappings, which comes as JSON. */
function listedLogins(settings: Settings): Pick<Logins, 'logins' | 'aws'> {
  const text = settings.text('LOGINS')
  if (text === '') return { logins: [], aws: [] }
  const items = parseLogins(text)
  const logins = items.map((item) => ({
    registry: item['registry'] || HUB,
    username: item['username'] ?? '',
    password: item['password'] ?? '',
  }))
  const aws = items.flatMap((item) => {
    const { aws_access_key_id: accessKey = '', aws_secret_access_key: secretKey = '' } = item
    const region = item['aws_region'] || REGION_DEFAULT
    if (accessKey === '') return []
    const registry = item['registry'] ?? ''
    const none = { sessionToken: '', assumeRole: '', externalId: '' }
    return [{ registry, region, accessKey, secretKey, ...none }]
  })
  return { logins, aws }
}

function parseLogins(text: string): Record<string, string>[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw badSetting('logins', 'is a list of mappings with registry, username and password')
  }
  const items: unknown[] = Array.isArray(value) ? value : [value]
  return items.map((item) =>
    Object.fromEntries(
      // What is no text has no value here: a `from_secret` inside of a list stays as it is.
      Object.entries(item ?? {}).filter(
        (entry): entry is [string, string] => typeof entry[1] === 'string',
      ),
    ),
  )
}
