import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { inspect } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { parseImageName, type ImageName } from '../../layers/image-name.js'
import { makeCertificates, type TestCertificates } from '../../testing/certificates.js'
import * as faults from '../../testing/hostile-faults.js'
import { HostileRegistry } from '../../testing/hostile-registry.js'
import { createRegistries } from '../create-registries.js'
import { parseDockerConfig } from '../credentials/docker-config.js'
import type { RegistriesConfig, Registries } from '../types.js'

let directory: string
let certificates: TestCertificates
let server: HostileRegistry
let tokens: HostileRegistry
let client: Registries
const stops: (() => Promise<void>)[] = []
const PLATFORM = { platform: { os: 'linux', architecture: 'amd64' } }

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'sandpiper-auth-'))
  certificates = await makeCertificates(directory)
})

afterAll(() => rm(directory, { recursive: true, force: true }))

beforeEach(async () => {
  server = await start(true)
  tokens = await start(true)
  server.addImage('1', [])
  client = connect()
})

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

async function start(tls: boolean): Promise<HostileRegistry> {
  const one = await HostileRegistry.start(tls ? { certificates } : {})
  stops.push(() => one.stop())
  return one
}

function connect(config: RegistriesConfig = {}): Registries {
  const auths = { [server.host]: { username: 'piper', password: 's3cr3t-word' } }
  const credentials = [parseDockerConfig(JSON.stringify({ auths }), 'config.json')]
  const timing = { now: () => Date.now(), wait: () => Promise.resolve(), random: () => 0 }
  const { caFile } = certificates
  const created = createRegistries({ caFile, credentials, timing, ...config })
  stops.push(() => created.close())
  return created
}

function app(): ImageName {
  return parseImageName(`${server.host}/app:1`)
}

/** The registry wants tokens from there. */
function wantTokens(realm: string): void {
  const header = `Bearer realm="${realm}",service="x",scope="repository:app:pull"`
  server.always(/\/v2\/app/, (turn) =>
    turn.request.headers.authorization === 'Bearer good'
      ? turn.proper().then((proper) => turn.send(proper))
      : turn.send({ status: 401, headers: { 'www-authenticate': header }, body: Buffer.alloc(0) }),
  )
}

test('A token server gets the credentials of the registry that names it, the registry gets only the token', async () => {
  wantTokens(`https://${tokens.host}/token?fixed=1`)
  tokens.always(/\/token/, faults.answering(200, {}, '{"token":"good"}'))
  await client.resolve(app(), PLATFORM)
  expect(tokens.requests[0]?.path).toMatch(
    /^\/token\?fixed=1&service=x&scope=repository%3Aapp%3Apull/,
  )
  expect(tokens.requests[0]?.headers.authorization).toMatch(/^Basic /)
  const sent = server.requests.map(({ headers }) => headers.authorization)
  expect(new Set(sent)).toEqual(new Set([undefined, 'Bearer good']))
})

test.each([
  ['http://127.0.0.1:1/token', 'SP_REGISTRY_REDIRECT', /plain HTTP/],
  ['https://169.254.169.254/token', 'SP_REGISTRY_ADDRESS', /link-local/],
  ['file:///etc/passwd', 'SP_REGISTRY_REDIRECT', /file:/],
])('A token server at %s is not asked', async (realm, code, why) => {
  wantTokens(realm)
  await expect(client.resolve(app(), PLATFORM)).rejects.toMatchObject({
    code,
    message: expect.stringMatching(why),
  })
})

test.each<[string, Parameters<HostileRegistry['always']>[1], string]>([
  ['is no JSON', faults.answering(200, {}, 'hello'), 'SP_REGISTRY_ANSWER'],
  ['has no token', faults.answering(200, {}, '{"token":7}'), 'SP_REGISTRY_ANSWER'],
  [
    'has a token with a line break',
    faults.answering(200, {}, '{"token":"a\\r\\nX-Y: z"}'),
    'SP_REGISTRY_ANSWER',
  ],
  ['has no end', faults.endless, 'SP_REGISTRY_ANSWER'],
  [
    'is a redirect',
    faults.answering(302, { location: 'https://127.0.0.1:1/' }),
    'SP_REGISTRY_FAILED',
  ],
  ['is a failure', faults.answering(503), 'SP_REGISTRY_FAILED'],
  ['is a refusal', faults.answering(403), 'SP_IMAGE_DENIED'],
])('An answer of the token server that %s is told', async (_, fault, code) => {
  wantTokens(`https://${tokens.host}/token`)
  tokens.always(/\/token/, fault)
  await expect(client.resolve(app(), PLATFORM)).rejects.toMatchObject({
    code,
    message: expect.stringContaining(`token server ${tokens.host}`),
  })
})

test('A registry that never takes its own tokens is asked twice and no oftener', async () => {
  wantTokens(`https://${tokens.host}/token`)
  tokens.always(/\/token/, faults.answering(200, {}, '{"token":"bad"}'))
  await expect(client.resolve(app(), PLATFORM)).rejects.toMatchObject({ code: 'SP_IMAGE_DENIED' })
  expect(server.requests).toHaveLength(2)
})

test('A token that the registry does not take any more is got anew, once', async () => {
  wantTokens(`https://${tokens.host}/token`)
  tokens.next(/\/token/, faults.answering(200, {}, '{"token":"good","expires_in":3600}'))
  await client.resolve(app(), PLATFORM)
  server.reset()
  server.next(
    /\/v2\/app/,
    faults.answering(401, { 'www-authenticate': `Bearer realm="https://${tokens.host}/token"` }),
  )
  tokens.next(/\/token/, faults.answering(200, {}, '{"access_token":"better"}'))
  await client.resolve(app(), PLATFORM)
  expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
    ...['Bearer good', 'Bearer better'],
  ])
})

test('A server that repeats what it was sent gets none of it into messages, which stay short and plain', async () => {
  const encoded = Buffer.from('piper:s3cr3t-word').toString('base64')
  const message = `you sent s3cr3t-word and ${encoded}\u001b[31m\r\n${'x'.repeat(5000)}`
  const body = JSON.stringify({ errors: [{ code: 'DENIED', message }] })
  server.next(/./, faults.answering(401, { 'www-authenticate': 'Basic realm="x"' }))
  server.always(/./, faults.answering(403, {}, body))
  const error: unknown = await client.resolve(app(), PLATFORM).catch((one: unknown) => one)
  expect(error).toMatchObject({ code: 'SP_IMAGE_DENIED' })
  const text = String(error)
  expect(text).toContain('DENIED: you sent ****** and ******')
  expect(inspect(error, { depth: 9 })).not.toMatch(/s3cr3t-word|cGlwZXI6/)
  // eslint-disable-next-line no-control-regex
  expect(text).not.toMatch(/[\u0000-\u001f]/)
  expect(text.length).toBeLessThan(600)
})

test('Credentials are sent to nobody who does not ask for them', async () => {
  await client.resolve(app(), PLATFORM)
  expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([undefined])
})

test('A redirect from TLS to plain HTTP is not followed', async () => {
  const plain = await start(false)
  plain.addImage('1', [])
  server.always(/./, faults.answering(307, { location: `http://${plain.host}/v2/app/manifests/1` }))
  await expect(client.resolve(app(), PLATFORM)).rejects.toMatchObject({
    code: 'SP_REGISTRY_REDIRECT',
    message: expect.stringContaining('plain HTTP'),
  })
  expect(plain.requests).toEqual([])
})

test('Tokens for one set of credentials are not used for another', async () => {
  wantTokens(`https://${tokens.host}/token`)
  tokens.always(/\/token/, faults.answering(200, {}, '{"token":"good"}'))
  await client.resolve(app(), PLATFORM)
  const other = JSON.stringify({ auths: { [server.host]: { username: 'a', password: 'b' } } })
  await client.resolve(app(), { ...PLATFORM, credentials: [parseDockerConfig(other, 'secret x')] })
  await client.resolve(app(), PLATFORM)
  expect(tokens.requests).toHaveLength(2)
})

test('A wrong password is sent once for each request', async () => {
  server.always(/./, faults.answering(401, { 'www-authenticate': 'Basic realm="x"' }))
  for (const requests of [2, 3]) {
    await expect(client.resolve(app(), PLATFORM)).rejects.toMatchObject({ code: 'SP_IMAGE_DENIED' })
    expect(server.requests).toHaveLength(requests)
  }
})
