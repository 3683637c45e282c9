import { badAnswer } from '../errors.js'
import { assumeRole } from './assume-role.js'
import { awsCall, type AwsWays } from './aws-call.js'
import { AwsError } from './aws-error.js'
import { regionOf } from './hosts.js'
import type { AwsKeys } from './signature.js'
import type { AwsOptions, Ecr, EcrAccount, EcrLogin } from './types.js'

/** Opens Amazon's API for its registries with the keys of an account; nothing is asked yet. */
export function openEcr(ways: AwsWays, account: EcrAccount): Ecr {
  const registry = hostOf(account.registry)
  const region = regionOf(registry) ?? account.region
  let role: Promise<AwsKeys> | null = null
  const keysFor = async (options: AwsOptions): Promise<AwsKeys> => {
    if (account.assumeRole === '') return account
    role ??= assumeRole(ways, account, region, options)
    try {
      return await role
    } catch (error) {
      role = null
      throw error
    }
  }
  const ask = async (operation: string, body: object, options: AwsOptions): Promise<string> => {
    const headers = {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `AmazonEC2ContainerRegistry_V20150921.${operation}`,
    }
    const call = { headers, body: JSON.stringify(body), action: `ecr:${operation}` }
    return awsCall(ways, await keysFor(options), { ...call, service: 'ecr', region }, options)
  }
  return {
    login: async (options = {}) =>
      readLogin(await ask('GetAuthorizationToken', {}, options), registry, region),
    createRepository: async (name, { scanOnPush }, options = {}) => {
      const request = {
        repositoryName: name,
        imageTagMutability: 'MUTABLE',
        imageScanningConfiguration: { scanOnPush },
      }
      try {
        await ask('CreateRepository', request, options)
        return true
      } catch (error) {
        const isThere =
          error instanceof AwsError && error.reason === 'RepositoryAlreadyExistsException'
        if (isThere) return false
        throw error
      }
    },
  }
}

interface Answer {
  readonly authorizationData?: readonly {
    readonly authorizationToken?: unknown
    readonly proxyEndpoint?: unknown
  }[]
}

/** The token is base64 of `AWS:PASSWORD`. */
function readLogin(text: string, registry: string, region: string): EcrLogin {
  const { authorizationToken: token, proxyEndpoint: own } = dataOf(text)
  const login = typeof token === 'string' ? Buffer.from(token, 'base64').toString('utf8') : ''
  const colon = login.indexOf(':')
  const host = registry === '' && typeof own === 'string' ? hostOf(own) : registry
  if (colon > 0 && URL.canParse(`https://${host}`)) {
    const username = login.slice(0, colon)
    return { registry: host, username, password: login.slice(colon + 1) }
  }
  throw badAnswer(`Amazon's ECR in ${region}`, 'there is no token in its answer')
}

function dataOf(text: string): NonNullable<Answer['authorizationData']>[number] {
  try {
    const [first] = (JSON.parse(text) as Answer | null)?.authorizationData ?? []
    return first ?? {}
  } catch {
    return {}
  }
}

function hostOf(text: string): string {
  return text
    .trim()
    .replace(/^https?:\/\//i, '')
    .replace(/\/.*$/, '')
}
