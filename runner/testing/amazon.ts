import { createHash, createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Keys of a user whom the stand-in knows. */
export const AMAZON_USER = { accessKey: 'AKIASANDPIPER', secretKey: 'secret/of+the/user' } as const
/** Keys of the role that this user may take on. */
export const AMAZON_ROLE = {
  arn: 'arn:aws:iam::123456789012:role/pusher',
  externalId: 'of-the-owner',
  keys: {
    accessKey: 'ASIAROLE',
    secretKey: 'secret/of+the/role',
    sessionToken: 'session/token+of==',
  },
} as const

export interface AmazonOptions {
  /** `USER:PASSWORD` of the registry that it gives out. */
  readonly registryLogin: string
  /** Host of the account's own registry. */
  readonly registry: string
}

/** A request whose signature was right. */
export interface AmazonCall {
  readonly accessKey: string
  /** `REGION/SERVICE` */
  readonly scope: string
  /** `CreateRepository`, `AssumeRole` */
  readonly operation: string
  readonly body: string
}

interface Reply {
  readonly status: number
  readonly body: string
}

/** A stand-in for Amazon's ECR and STS on loopback, for tests. It checks signatures by its own arithmetic. */
export class Amazon {
  /** Base URL. */
  url = ''
  readonly calls: AmazonCall[] = []
  readonly repositories = new Set<string>()
  /** Given instead of the next answers, whatever is asked. */
  readonly next: Reply[] = []
  readonly #options: AmazonOptions
  readonly #server: Server

  private constructor(options: AmazonOptions) {
    this.#options = options
    this.#server = createServer((request, response) => {
      void this.#answer(request).then(({ status, body }) => response.writeHead(status).end(body))
    })
  }

  static async start(options: AmazonOptions): Promise<Amazon> {
    const amazon = new Amazon(options)
    amazon.#server.listen(0, '127.0.0.1')
    await once(amazon.#server, 'listening')
    amazon.url = `http://127.0.0.1:${String((amazon.#server.address() as AddressInfo).port)}`
    return amazon
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #answer(request: IncomingMessage): Promise<Reply> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks).toString()
    const forced = this.next.shift()
    if (forced) return forced
    const signer = signerOf(request, body)
    if (typeof signer === 'string') return refused(signer)
    const { accessKey, region, service } = signer
    const form = new URLSearchParams(body)
    const target = String(request.headers['x-amz-target'] ?? '').split('.')
    const operation = service === 'sts' ? (form.get('Action') ?? '') : (target[1] ?? '')
    this.calls.push({ accessKey, scope: `${region}/${service}`, operation, body })
    if (operation === 'AssumeRole') return assumed(form)
    if (operation === 'CreateRepository') return this.#create(body)
    if (operation === 'GetAuthorizationToken') return this.#token()
    return refused('UnknownOperationException')
  }

  #token(): Reply {
    const { registryLogin, registry } = this.#options
    const authorizationToken = Buffer.from(registryLogin).toString('base64')
    const data = { authorizationToken, expiresAt: 1.7e9, proxyEndpoint: `https://${registry}` }
    return { status: 200, body: JSON.stringify({ authorizationData: [data] }) }
  }

  #create(body: string): Reply {
    const { repositoryName } = JSON.parse(body) as { readonly repositoryName: string }
    if (this.repositories.has(repositoryName)) return refused('RepositoryAlreadyExistsException')
    this.repositories.add(repositoryName)
    return { status: 200, body: JSON.stringify({ repository: { repositoryName } }) }
  }
}

function refused(type: string): Reply {
  const __type = `com.amazonaws.ecr#${type}`
  return { status: 400, body: JSON.stringify({ __type, message: `it is ${type}` }) }
}

function assumed(form: URLSearchParams): Reply {
  const { arn, externalId, keys } = AMAZON_ROLE
  if (form.get('RoleArn') !== arn || form.get('ExternalId') !== externalId) {
    const error =
      '<Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User: x &amp; y is not authorized to perform: sts:AssumeRole</Message></Error>'
    return { status: 403, body: `<ErrorResponse>${error}</ErrorResponse>` }
  }
  const credentials = [
    `<AccessKeyId>${keys.accessKey}</AccessKeyId>`,
    `<SecretAccessKey>${keys.secretKey}</SecretAccessKey>`,
    `<SessionToken>${keys.sessionToken}</SessionToken>`,
  ].join('\n')
  const result = `<AssumeRoleResult><Credentials>${credentials}</Credentials></AssumeRoleResult>`
  return { status: 200, body: `<AssumeRoleResponse>${result}</AssumeRoleResponse>` }
}

interface Signer {
  readonly accessKey: string
  readonly region: string
  readonly service: string
}

/** Who has signed a request, or why nobody has. */
function signerOf(request: IncomingMessage, body: string): Signer | string {
  const header = /^AWS4-HMAC-SHA256 Credential=(.+), SignedHeaders=(.+), Signature=([0-9a-f]{64})$/
  const [, credential = '', names = '', signature] =
    header.exec(request.headers.authorization ?? '') ?? []
  const [accessKey = '', day = '', region = '', service = ''] = credential.split('/')
  const isRole = accessKey === AMAZON_ROLE.keys.accessKey
  if (!isRole && accessKey !== AMAZON_USER.accessKey) return 'UnrecognizedClientException'
  const token = request.headers['x-amz-security-token']
  if (token !== (isRole ? AMAZON_ROLE.keys.sessionToken : undefined)) return 'ExpiredTokenException'
  const time = String(request.headers['x-amz-date'])
  const ageMs =
    Date.now() - Date.parse(time.replace(/^(....)(..)(..T..)(..)(.*)$/, '$1-$2-$3:$4:$5'))
  const needed = ['host', 'x-amz-date', ...(isRole ? ['x-amz-security-token'] : [])]
  if (!(Math.abs(ageMs) < 300_000) || !needed.every((name) => names.split(';').includes(name))) {
    return 'InvalidSignatureException'
  }
  const hash = (text: string): string => createHash('sha256').update(text).digest('hex')
  const signed = names.split(';').map((name) => `${name}:${String(request.headers[name])}\n`)
  const asked = `${request.method ?? ''}\n${request.url ?? ''}\n\n${signed.join('')}\n${names}\n${hash(body)}`
  const text = `AWS4-HMAC-SHA256\n${time}\n${day}/${region}/${service}/aws4_request\n${hash(asked)}`
  const { secretKey } = isRole ? AMAZON_ROLE.keys : AMAZON_USER
  const sign = (key: Buffer | string, one: string): Buffer =>
    createHmac('sha256', key).update(one).digest()
  const key = sign(sign(sign(sign(`AWS4${secretKey}`, day), region), service), 'aws4_request')
  const isRight = sign(key, text).toString('hex') === signature
  return isRight ? { accessKey, region, service } : 'InvalidSignatureException'
}
