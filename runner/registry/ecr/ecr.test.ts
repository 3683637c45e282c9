import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { Amazon, AMAZON_ROLE, AMAZON_USER } from '../../testing/amazon.js'
import { createRegistries } from '../create-registries.js'
import type { Registries } from '../types.js'
import { regionOf, serviceUrl } from './hosts.js'
import type { Ecr, EcrAccount } from './types.js'

const REGISTRY = '123456789012.dkr.ecr.eu-west-1.amazonaws.com'
const PASSWORD = 'password:of the registry'

let amazon: Amazon
let registries: Registries
let waits: number

beforeEach(async () => {
  amazon = await Amazon.start({ registryLogin: `AWS:${PASSWORD}`, registry: REGISTRY })
  waits = 0
  const wait = (): Promise<void> => {
    waits += 1
    return Promise.resolve()
  }
  registries = createRegistries({
    awsEndpoint: amazon.url,
    timing: { now: () => Date.now(), wait, random: () => 0.5 },
  })
})

afterEach(async () => {
  await registries.close()
  await amazon.stop()
})

function ecr(more: Partial<EcrAccount> = {}): Ecr {
  return registries.ecr({
    ...{ ...AMAZON_USER, sessionToken: '', registry: REGISTRY, region: 'us-east-1' },
    ...{ assumeRole: '', externalId: '', ...more },
  })
}

describe('the hosts of Amazon', () => {
  test.each([
    [REGISTRY, 'eu-west-1'],
    ['123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn', 'cn-north-1'],
    ['123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com', 'us-gov-west-1'],
    ['123456789012.DKR.ECR.ap-southeast-2.amazonaws.com', 'ap-southeast-2'],
    [`${REGISTRY}.evil.example`, null],
    [`evil.example/${REGISTRY}`, null],
    ['public.ecr.aws', null],
    ['', null],
  ])('of the registry %p tell its region: %p', (host, region) => {
    expect(regionOf(host)).toBe(region)
  })

  test('are asked where the region is', () => {
    expect(serviceUrl('ecr', 'eu-west-1').href).toBe('https://api.ecr.eu-west-1.amazonaws.com/')
    expect(serviceUrl('sts', 'eu-west-1').href).toBe('https://sts.eu-west-1.amazonaws.com/')
    const china = 'https://api.ecr.cn-north-1.amazonaws.com.cn/'
    expect(serviceUrl('ecr', 'cn-north-1').href).toBe(china)
  })

  test.each(['', 'evil.example/', 'eu-west-1.evil.example', 'x@y', '../eu-west-1'])(
    'are no others, whatever the region says: %p',
    (region) => {
      expect(() => serviceUrl('ecr', region)).toThrow('is no region')
    },
  )
})

describe('a login', () => {
  test('is asked for with a signature, in the region of the registry', async () => {
    expect(await ecr().login()).toEqual({
      registry: REGISTRY,
      username: 'AWS',
      password: PASSWORD,
    })
    expect(amazon.calls).toEqual([
      {
        accessKey: AMAZON_USER.accessKey,
        scope: 'eu-west-1/ecr',
        operation: 'GetAuthorizationToken',
        body: '{}',
      },
    ])
  })

  test('is for the registry of the account where none is named', async () => {
    expect((await ecr({ registry: '' }).login()).registry).toBe(REGISTRY)
    expect(amazon.calls[0]?.scope).toBe('us-east-1/ecr')
    expect((await ecr({ registry: 'https://ecr.corp.example/' }).login()).registry).toBe(
      'ecr.corp.example',
    )
  })

  test('is asked for as a role, which is taken on once', async () => {
    const { arn, externalId, keys } = AMAZON_ROLE
    const role = ecr({ assumeRole: arn, externalId })
    expect((await role.login()).password).toBe(PASSWORD)
    expect(await role.createRepository('team/app', { scanOnPush: false })).toBe(true)
    expect(
      amazon.calls.map(({ accessKey, scope, operation }) => [accessKey, scope, operation]),
    ).toEqual([
      [AMAZON_USER.accessKey, 'eu-west-1/sts', 'AssumeRole'],
      [keys.accessKey, 'eu-west-1/ecr', 'GetAuthorizationToken'],
      [keys.accessKey, 'eu-west-1/ecr', 'CreateRepository'],
    ])
  })

  test('is asked for with the keys of a session', async () => {
    expect((await ecr({ ...AMAZON_ROLE.keys }).login()).password).toBe(PASSWORD)
  })

  test('is tried again where Amazon is busy', async () => {
    amazon.next.push({ status: 400, body: '{"__type":"ThrottlingException"}' })
    amazon.next.push({ status: 503, body: '<html>' })
    expect((await ecr().login()).password).toBe(PASSWORD)
    expect(waits).toBe(2)
  })

  test.each<[string, Partial<EcrAccount>, string, string, string]>([
    [
      'an unknown user',
      { accessKey: 'AKIAOTHER' },
      'SP_REGISTRY_CREDENTIALS',
      'UnrecognizedClientException',
      'access_key',
    ],
    [
      'another secret',
      { secretKey: 'n0t/the+one' },
      'SP_REGISTRY_CREDENTIALS',
      'InvalidSignatureException',
      'secret_key belongs',
    ],
    [
      'an old session',
      { ...AMAZON_ROLE.keys, sessionToken: 'old-t0ken' },
      'SP_REGISTRY_CREDENTIALS',
      'ExpiredTokenException',
      'new keys',
    ],
    [
      'no access key',
      { accessKey: '' },
      'SP_REGISTRY_CREDENTIALS',
      'there is no access key',
      'from secrets',
    ],
    [
      'no secret key',
      { secretKey: '' },
      'SP_REGISTRY_CREDENTIALS',
      'there is no secret key',
      'from secrets',
    ],
    [
      'a key with a line end',
      { secretKey: 'n0t/the+one\n' },
      'SP_REGISTRY_CREDENTIALS',
      'there is no secret key',
      'from secrets',
    ],
    [
      'a foreign role',
      { assumeRole: 'arn:aws:iam::1:role/x' },
      'SP_IMAGE_DENIED',
      'x & y is not authorized',
      'Allow sts:AssumeRole',
    ],
    [
      'a wrong region',
      { registry: '', region: 'nowhere' },
      'SP_REGISTRY_SETTING',
      '"nowhere" is no region',
      'eu-west-1',
    ],
  ])('is not had with %s', async (_, more, code, message, hint) => {
    const error: unknown = await ecr(more)
      .login()
      .catch((one: unknown) => one)
    expect(error).toMatchObject({
      code,
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    })
    expect(inspect(error, { depth: 9 })).not.toMatch(/n0t|old-t0ken|secret\/of/)
    expect(waits).toBe(0)
  })

  test('that policy forbids names what to allow', async () => {
    const body = JSON.stringify({ __type: 'AccessDeniedException', message: 'User: arn is not' })
    amazon.next.push({ status: 400, body })
    await expect(ecr().login()).rejects.toMatchObject({
      code: 'SP_IMAGE_DENIED',
      message:
        "Amazon's ECR in eu-west-1 does not let these keys do ecr:GetAuthorizationToken: AccessDeniedException: User: arn is not",
      hint: expect.stringContaining('Allow ecr:GetAuthorizationToken'),
    })
  })

  test('tells of a wrong clock, and repeats no keys that Amazon repeats', async () => {
    const { keys } = AMAZON_ROLE
    const message = `Signature expired: is now earlier than. ${keys.sessionToken} The Canonical String for this request should have been 'x-amz-security-token:${keys.sessionToken}'`
    amazon.next.push({
      status: 403,
      body: JSON.stringify({ __type: 'x#InvalidSignatureException:', message }),
    })
    const error: unknown = await ecr(keys)
      .login()
      .catch((one: unknown) => one)
    expect(error).toMatchObject({
      code: 'SP_REGISTRY_CREDENTIALS',
      hint: expect.stringContaining('clock'),
    })
    expect(inspect(error, { depth: 9 })).not.toContain('session/token')
  })

  test.each([
    '',
    '{',
    'null',
    '{"authorizationData":[]}',
    '{"authorizationData":[{"authorizationToken":7}]}',
    '{"authorizationData":{}}',
  ])('that is none is told: %s', async (body) => {
    amazon.next.push({ status: 200, body })
    await expect(ecr().login()).rejects.toMatchObject({ code: 'SP_REGISTRY_ANSWER' })
  })
})

test('A repository is made where there is none', async () => {
  const own = ecr()
  expect(await own.createRepository('team/app', { scanOnPush: true })).toBe(true)
  expect(await own.createRepository('team/app', { scanOnPush: true })).toBe(false)
  expect(JSON.parse(amazon.calls[0]?.body ?? '')).toEqual({
    repositoryName: 'team/app',
    imageTagMutability: 'MUTABLE',
    imageScanningConfiguration: { scanOnPush: true },
  })
  const body = JSON.stringify({ __type: 'LimitExceededException', message: 'too many' })
  amazon.next.push({ status: 400, body })
  await expect(own.createRepository('x', { scanOnPush: false })).rejects.toMatchObject({
    code: 'SP_REGISTRY_FAILED',
    message: expect.stringContaining('LimitExceededException: too many'),
  })
})
