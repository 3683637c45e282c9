import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { StageJob } from '../../protocol/job.js'
import { jobKey, PULLS, sealSecrets, type StepSecrets } from '../../protocol/job-secrets.js'
import { addImage } from '../testing/images.js'
import { makeJob, openTestHost, program, runJob, step, type TestHost } from '../testing/stages.js'

const KEY = jobKey('a secret that servers and runners share')

let host: TestHost
beforeAll(async () => {
  host = await openTestHost({ memoryBytes: 256 * 1024 ** 2, pids: 64 })
})
afterAll(() => host.remove())

function sealed(job: StageJob, given: Readonly<Record<number, StepSecrets>>): StageJob {
  const steps = new Map(Object.entries(given).map(([number, one]) => [Number(number), one]))
  return { ...job, sealed: sealSecrets(KEY, job, steps) }
}

const value = (name: string, text: string): StepSecrets => {
  return { values: { [name]: { value: text } }, missing: {} }
}

const wants = (name: string) => ({ secrets: { TOKEN: name } })

describe('the secrets of a job', () => {
  const job = makeJob([
    step('a', ['echo "[$TOKEN]"'], wants('one')),
    step('b', ['echo "[$TOKEN]"'], wants('one')),
    step('c', ['echo "[$TOKEN] not-for-b"'], wants('other')),
  ])
  const [a, b, c] = job.steps.map(({ number }) => number) as [number, number, number]

  it('come to the steps that they are for, masked in all of them, and the others are told why', async () => {
    const missing = { values: {}, missing: { one: 'builds of forks get no secrets' } }
    const given = { [a]: value('one', 'not-for-b'), [b]: missing, [c]: value('other', 'ab') }
    const { sink, outcome } = await runJob(host, sealed(job, given), { jobKey: KEY })
    expect(outcome.status).toBe('success')
    expect(sink.log('a')).toContain('\n[******]\n')
    expect(sink.log('b')).toContain('\n[]\n')
    expect(sink.log('b')).toContain(
      'no secret one here: builds of forks get no secrets; the variable TOKEN is not set',
    )
    expect(sink.log('c')).toContain('\n[ab] ******\n')
    expect(sink.log('c')).toContain('warning: secret other is too short to be masked in logs')
  })

  it('are put into lists and mappings, as JSON has them, and masked there too', async () => {
    const login = [{ text: '{"password":' }, { secret: 'one', json: true as const }, { text: '}' }]
    const list = [{ text: 'a,' }, { secret: 'one' }, { text: ',' }, { secret: 'gone' }]
    const nested = makeJob([
      step('a', ['echo "[$LOGIN]"', 'echo "$LOGIN" | wc -c', 'echo "[$LIST]"'], {
        secretTexts: { LOGIN: login, LIST: list },
      }),
    ])
    const secret = 'pass"word\\of\nlines'
    const given = { [nested.steps[0]!.number]: value('one', secret) }
    const { sink, outcome } = await runJob(host, sealed(nested, given), { jobKey: KEY })
    expect(outcome.status).toBe('success')
    const log = sink.log('a')
    expect(log).toContain('\n[{"password":"******"}]\n')
    expect(log).toContain(`\n${JSON.stringify({ password: secret }).length + 1}\n`)
    expect(log).toContain('there is no secret gone; the variable LIST is not set')
    expect(log).toContain('\n[]\n')
  })

  it.each([
    ['without a key', undefined, 'this runner has no key for them'],
    ['with another key', jobKey('another secret altogether'), 'another key than the server'],
  ])('are an error of the stage on a runner %s', async (_what, key, message) => {
    const options = key === undefined ? {} : { jobKey: key }
    const { sink, outcome } = await runJob(host, sealed(job, { [a]: value('one', 'x') }), options)
    expect(outcome.status).toBe('error')
    expect(outcome.error).toContain(message)
    expect(outcome.error).toContain('SANDPIPER_RUNNER_SECRET_FILE')
    expect(sink.events.filter((event) => event.startsWith('start'))).toEqual([])
  })

  it('do not open for another attempt, stage or step, nor for other commands or another commit', async () => {
    const { sealed: taken } = sealed(job, { [a]: value('one', 'x') })
    const other = makeJob([step('a', ['echo "$TOKEN" | rev'], wants('one'))])
    const moved = { ...taken!, steps: { [b]: taken!.steps[a]! } }
    for (const wrong of [
      { ...job, sealed: taken!, attempt: job.attempt + 1 },
      { ...job, sealed: taken!, stageId: job.stageId + 1 },
      { ...job, sealed: moved },
      { ...job, sealed: taken!, stage: other.stage },
      { ...job, sealed: taken!, commit: 'f'.repeat(40) },
      { ...job, sealed: taken!, environment: { ...job.environment, LD_PRELOAD: '/a.so' } },
    ]) {
      const { outcome } = await runJob(host, wrong, { jobKey: KEY })
      expect(outcome.error).toContain('they were damaged, or made for another job')
    }
  })

  it('are kept from a step that is not the plugin they are for, whatever the server says', async () => {
    const forPlugin = { values: { one: { value: 'hunter2', images: ['busybox'] } }, missing: {} }
    const { sink } = await runJob(host, sealed(job, { [a]: forPlugin }), { jobKey: KEY })
    expect(sink.log('a')).toContain('\n[]\n')
    expect(sink.log('a')).toContain('no secret one here: it is for plugins as they are')
  })

  it('that are for a plugin of an image come without what a pipeline or who starts it has a say in', async () => {
    await addImage(host, 'plugin', { entrypoint: ['/bin/sh', '-c', 'echo "[$PLUGIN_KEY]"; env'] })
    const own = { CI: 'true', DRONE_BRANCH: 'main', GIT_AUTHOR_NAME: 'ada' }
    const parameters = {
      ...{ PATH: '/drone/src', LD_PRELOAD: '/drone/src/a.so', ENV: '/drone/src/a.sh' },
      ...{
        https_proxy: 'http://evil.example',
        GIT_SSL_NO_VERIFY: 'true',
        PLUGIN_TO: 'evil.example',
      },
      'BASH_FUNC_env%%': '() { a; }',
    }
    const plugin = { ...program('a', 'plugin'), secrets: { PLUGIN_KEY: 'one' } }
    const started = { ...makeJob([plugin]), environment: { ...own, ...parameters } }
    const given = { values: { one: { value: 'hunter2', images: ['plugin'] } }, missing: {} }
    const [{ number } = { number: 0 }] = started.steps
    const { sink, outcome } = await runJob(host, sealed(started, { [number]: given }), {
      jobKey: KEY,
    })
    expect(outcome.status).toBe('success')
    const log = sink.log('a')
    expect(log).toContain('\n[******]\n')
    expect(log).toContain('warning: parameters are kept from a step with secrets for its image')
    for (const [name, text] of Object.entries(own)) expect(log).toContain(`\n${name}=${text}\n`)
    for (const [name, text] of Object.entries(parameters)) {
      expect(log).not.toContain(`\n${name}=${text}\n`)
    }
  })

  it('of its registries are masked too', async () => {
    const registries = [{ address: 'r.io', username: 'u', password: 'hunter2-hunter2' }]
    const pulls = { values: {}, missing: {}, registries }
    const echo = makeJob([step('a', ['echo hunter2-hunter2'])])
    const { sink } = await runJob(host, sealed(echo, { [PULLS]: pulls }), { jobKey: KEY })
    expect(sink.log('a')).toContain('\n******\n')
  })

  it('are in no message of a step that fails', async () => {
    const failing = makeJob([step('a', ['true'], { ...wants('one'), user: 'hunter2-hunter2' })])
    const number = failing.steps.find(({ name }) => name === 'a')!.number
    const given = sealed(failing, { [number]: value('one', 'hunter2-hunter2') })
    const { sink, outcome } = await runJob(host, given, { jobKey: KEY })
    expect(outcome.error).toContain('user "******"')
    expect(sink.results.get('a')!.error).not.toContain('hunter2')
  })
})
