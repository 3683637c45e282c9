import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { Amazon, AMAZON_ROLE, AMAZON_USER } from '../../testing/amazon.js'
import { REGISTRY_LOGIN, TestRegistry } from '../../testing/registry.js'
import { openTestHost, type TestHost } from '../../testing/stages.js'
import { makeTree, runBuild, type Files, type TestBuild } from '../testing/builds.js'

/** plugins/ecr with a stand-in for Amazon, and a real registry that takes the password that it gives out. */
let registry: TestRegistry
let amazon: Amazon
let host: TestHost

beforeAll(async () => {
  registry = await TestRegistry.start({ auth: 'basic' })
  const { username, password } = REGISTRY_LOGIN
  amazon = await Amazon.start({
    ...{ registryLogin: `${username}:${password}`, registry: registry.host },
  })
  host = await openTestHost(
    {},
    { registries: { insecure: [registry.host], awsEndpoint: amazon.url } },
  )
}, 60_000)

afterAll(async () => {
  await host.remove()
  await amazon.stop()
  await registry.remove()
})

const KEYS = { access_key: AMAZON_USER.accessKey, secret_key: AMAZON_USER.secretKey }

async function push(settings: Files, environment: Files = {}): Promise<TestBuild> {
  const all = Object.entries(settings).map(([name, value]) => [
    `PLUGIN_${name.toUpperCase()}`,
    value,
  ])
  return runBuild(
    host,
    await makeTree(host, { Dockerfile: 'FROM busybox\nLABEL x=1\n' }),
    {},
    {
      builder: 'docker-ecr',
      environment: { ...(Object.fromEntries(all) as Files), ...environment },
    },
  )
}

it('An image is pushed to the registry of the account, into a repository that is made first', async () => {
  const settings = { repo: 'team/app', region: 'eu-west-1', create_repository: 'true', ...KEYS }
  const { log, outcome } = await push({ ...settings, tags: '1' })
  expect(`${outcome.status} ${log}`).toMatch(/^success/)
  expect(log).toContain(`made the repository team/app at ${registry.host}`)
  expect(log).toContain(`pushed ${registry.host}/team/app:1`)
  expect(log).not.toMatch(new RegExp(`${AMAZON_USER.secretKey}|${REGISTRY_LOGIN.password}`))
  expect(amazon.calls.map(({ scope, operation }) => `${scope} ${operation}`)).toEqual([
    'eu-west-1/ecr GetAuthorizationToken',
    'eu-west-1/ecr CreateRepository',
  ])
  const again = await push({ ...settings, tags: '2' })
  expect(again.outcome.status).toBe('success')
  expect(again.log).not.toContain('made the repository')
}, 60_000)

it('Keys come from variables of the step too, and a role may be taken on', async () => {
  amazon.calls.length = 0
  const { arn, externalId } = AMAZON_ROLE
  const { log, outcome } = await push(
    { repo: 'role', registry: registry.host, assume_role: arn, external_id: externalId },
    { AWS_ACCESS_KEY_ID: AMAZON_USER.accessKey, AWS_SECRET_ACCESS_KEY: AMAZON_USER.secretKey },
  )
  expect(`${outcome.status} ${log}`).toMatch(/^success/)
  expect(log).toContain(`pushed ${registry.host}/role:latest`)
  expect(amazon.calls.map(({ accessKey, operation }) => `${accessKey} ${operation}`)).toEqual([
    `${AMAZON_USER.accessKey} AssumeRole`,
    `${AMAZON_ROLE.keys.accessKey} GetAuthorizationToken`,
  ])
}, 60_000)

it('Wrong keys end the step before anything is built, and are not told', async () => {
  const { log, outcome } = await push({ repo: 'x', ...KEYS, secret_key: 'n0t-the-one' })
  expect(outcome.status).toBe('error')
  expect(log).toContain("Amazon's ECR in us-east-1 does not take the keys")
  expect(log).not.toMatch(/n0t-the-one|FROM/)
}, 60_000)
