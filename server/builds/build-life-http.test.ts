import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { SIMPLE, TestServer } from '../testing/test-server.js'

let test: TestServer
beforeEach(async () => {
  test = await TestServer.start()
  await test.addRepo()
  await test.git.commit({ '.pipeline.yml': SIMPLE })
})
afterEach(() => test.stop())

type Answer = Readonly<Record<string, unknown>>

/** Asks the API of the repo as the installation's administrator. */
async function ask(
  method: string,
  path: string,
  body?: unknown,
): Promise<{ readonly status: number; readonly json: Answer }> {
  const { address, adminToken } = test.server
  const response = await fetch(`${address}/api/repos/o/n${path}`, {
    method,
    headers: {
      authorization: `Bearer ${adminToken}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, json: (text === '' ? {} : JSON.parse(text)) as Answer }
}

const code = async (method: string, path: string, body?: unknown) => {
  const { status, json } = await ask(method, path, body)
  return [status, json['code']]
}

describe('builds over HTTP', () => {
  it('are made by hand with parameters in the query or the body, and tell why they wait', async () => {
    const byQuery = await ask('POST', '/builds?branch=main&LEVEL=3')
    expect(byQuery).toMatchObject({
      status: 200,
      json: { event: 'custom', params: { LEVEL: '3' }, trigger: 'admin', target: 'main' },
    })
    const byBody = await ask('POST', '/builds', { branch: 'main', params: { LEVEL: '4' } })
    expect(byBody.json).toMatchObject({ number: 2, params: { LEVEL: '4' } })
    const repo = (await test.server.services.repos.find('o', 'n'))!
    await test.build(repo, 1, ({ stages }) => stages.length > 0)
    const shown = await ask('GET', '/builds/1')
    expect(shown.json).toMatchObject({
      waiting: 'no runner of linux/amd64',
      stages: [{ status: 'pending', waiting: 'no runner of linux/amd64' }],
    })
  })

  it('refuse what is wrong with a code, and never fail', async () => {
    expect(await code('POST', '/builds?DRONE_TAG=x')).toEqual([400, 'SP_BUILD_PARAM_INVALID'])
    expect(await code('POST', '/builds?a=1&a=2')).toEqual([400, 'SP_HTTP_INVALID'])
    expect(await code('POST', '/builds', { commit: 'abc' })).toEqual([
      400,
      'SP_BUILD_REQUEST_INVALID',
    ])
    expect(await code('POST', '/builds', { branch: '-x' })).toEqual([400, 'SP_REPO_INVALID'])
    expect(await code('POST', '/builds', { other: 1 })).toEqual([400, 'SP_HTTP_INVALID'])
    expect(await code('POST', '/builds/9?failed=true')).toEqual([404, 'SP_BUILD_UNKNOWN'])
    expect(await code('POST', '/builds/9/promote?target=x')).toEqual([404, 'SP_BUILD_UNKNOWN'])
    await ask('POST', '/builds')
    expect(await code('POST', '/builds/1/promote')).toEqual([400, 'SP_HTTP_INVALID'])
    expect(await code('POST', '/builds/1/approve')).toEqual([409, 'SP_BUILD_NOT_BLOCKED'])
    expect(await code('POST', '/builds/1/decline/77')).toEqual([404, 'SP_BUILD_STAGE_UNKNOWN'])
    expect(await code('POST', '/builds/1?from=only')).toEqual([409, 'SP_BUILD_NOT_ENDED'])
  })

  it('are cancelled by name, and all at once', async () => {
    for (let i = 0; i < 3; i += 1) await ask('POST', '/builds')
    const { json } = await ask('DELETE', '/builds/1')
    expect(json).toMatchObject({ status: 'killed', cancelled_by: 'admin' })
    expect(await ask('POST', '/builds/cancel?branch=other')).toMatchObject({
      json: { cancelled: 0 },
    })
    expect(await ask('POST', '/builds/cancel')).toMatchObject({ json: { cancelled: 2 } })
  })
})

describe('parameters over HTTP', () => {
  const DECLARING = `${SIMPLE}parameters:
  where: { type: choice, options: [staging, production], default: staging }
  replicas: { type: integer, minimum: 1, maximum: 20, default: 2, description: How many }
`

  it('are those that the newest build of a branch declares', async () => {
    expect((await ask('GET', '/parameters')).json).toEqual({
      branch: 'main',
      build: 0,
      parameters: [],
    })
    await test.git.commit({ '.pipeline.yml': DECLARING })
    const repo = (await test.server.services.repos.find('o', 'n'))!
    // Numbers and truth values are what JSON has them for.
    await ask('POST', '/builds', { params: { replicas: 3 } })
    await test.build(repo, 1, ({ stages }) => stages.length > 0)
    expect((await ask('GET', '/builds/1')).json).toMatchObject({
      params: { replicas: '3', where: 'staging' },
    })
    expect((await ask('GET', '/parameters?branch=main')).json).toEqual({
      branch: 'main',
      build: 1,
      parameters: [
        { name: 'where', type: 'choice', options: ['staging', 'production'], default: 'staging' },
        {
          ...{ name: 'replicas', type: 'integer', minimum: 1, maximum: 20, default: '2' },
          description: 'How many',
        },
      ],
    })
  })

  it('that do not fit are refused at once where the file is known, each by its field', async () => {
    await test.git.commit({ '.pipeline.yml': DECLARING })
    const repo = (await test.server.services.repos.find('o', 'n'))!
    await ask('POST', '/builds')
    await test.build(repo, 1, ({ stages }) => stages.length > 0)
    for (const path of [
      '/builds/1/promote?target=x&',
      '/builds/1/rollback?target=x&',
      '/builds/1?',
    ]) {
      const { status, json } = await ask('POST', `${path}replicas=99&wher=production`)
      expect(status).toBe(400)
      expect(json).toMatchObject({
        code: 'SP_BUILD_PARAM_INVALID',
        detail:
          'The pipeline file declares no parameter `wher`. ' +
          'The parameter `replicas` is `99`, but it must be a whole number from 1 to 20.',
        hint: 'Did you mean `where`?',
        errors: [
          { pointer: '/wher', in: 'query' },
          {
            ...{ pointer: '/replicas', in: 'query' },
            detail: 'the parameter `replicas` is `99`, but it must be a whole number from 1 to 20',
          },
        ],
      })
    }
    const { after } = (await ask('GET', '/builds/1')).json
    expect(await ask('POST', '/builds', { commit: after, params: { replicas: 99 } })).toMatchObject(
      {
        status: 400,
        json: { errors: [{ pointer: '/params/replicas', in: 'body' }] },
      },
    )
    const promoted = await ask('POST', '/builds/1/promote?target=x&replicas=3')
    expect(promoted.json).toMatchObject({ event: 'promote', params: { replicas: '3' } })
    expect((await ask('POST', '/builds', { params: { CI: 'x' } })).json).toMatchObject({
      errors: [{ pointer: '/params/CI', in: 'body' }],
    })
  })
})

describe('crons over HTTP', () => {
  it('are added, changed, run and removed', async () => {
    const cron = { name: 'nightly', expr: '@daily', event: 'push' }
    expect(await ask('POST', '/cron', cron)).toMatchObject({
      status: 200,
      json: { branch: 'main', disabled: false, timezone: '' },
    })
    expect(await code('POST', '/cron', cron)).toEqual([409, 'SP_CRON_EXISTS'])
    expect(await code('POST', '/cron', { name: 'b', expr: '* * *' })).toEqual([
      400,
      'SP_CRON_INVALID',
    ])
    const changed = await ask('PATCH', '/cron/nightly', {
      disabled: true,
      timezone: 'Europe/Berlin',
    })
    expect(changed.json).toMatchObject({ disabled: true, timezone: 'Europe/Berlin', version: 1 })
    expect(await ask('POST', '/cron/nightly')).toMatchObject({
      json: { event: 'cron', cron: 'nightly', trigger: 'admin' },
    })
    expect((await ask('GET', '/cron/nightly')).json).toMatchObject({ last_build: 1 })
    expect((await ask('DELETE', '/cron/nightly')).status).toBe(204)
    expect(await code('GET', '/cron/nightly')).toEqual([404, 'SP_CRON_UNKNOWN'])
  })
})
