import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { HealthcheckPlan } from '../../pipelines/plan.js'
import { addImage } from '../testing/images.js'
import {
  makeJob,
  openTestHost,
  program,
  runJob,
  service,
  step,
  type TestHost,
} from '../testing/stages.js'
import type { StageStop } from './run-stage.js'

let host: TestHost

beforeAll(async () => {
  host = await openTestHost()
  await addImage(host, 'listener', { cmd: ['sh', '-c', 'sleep 0.2; nc -l -p 5432'] })
})

afterAll(() => host.remove())

function health(more: Partial<HealthcheckPlan>): HealthcheckPlan {
  return { intervalMs: 50, timeoutMs: 5000, retries: 200, startPeriodMs: 0, ...more }
}

const after = (...names: string[]): { dependsOn: string[] } => ({ dependsOn: names })

describe('a service with a port', () => {
  it('holds steps back until something listens', async () => {
    const steps = [
      program('db', 'listener', {
        ...{ detach: true, service: true },
        healthcheck: health({ port: 5432 }),
      }),
      step(
        'use',
        ['nc db 5432 </dev/null && echo open', '! nc localhost 5432 </dev/null'],
        after('db'),
      ),
    ]
    const { sink, outcome } = await runJob(host, makeJob(steps))
    expect(outcome).toEqual({ status: 'success', error: '' })
    expect(sink.log('use')).toContain('\nopen\n')
    expect(sink.log('db')).toMatch(
      /^\[sandpiper\] waiting until it is ready: port 5432 is open, tried every 50ms, 200 times\n/,
    )
    expect(sink.log('db')).toMatch(/\n\[sandpiper\] ready after \d+(\.\d)?s\n/)
    expect(sink.results.get('db')).toMatchObject({ status: 'success', error: '' })
  })

  it('fails the stage and skips its steps when it is never ready', async () => {
    const steps = [
      service('db', ['sleep 1000'], { healthcheck: health({ port: 5432, retries: 3 }) }),
      step('use', ['true'], after('db')),
      step('mail', ['echo "$DRONE_FAILED_STEPS"'], {
        ...after('use'),
        runOn: { success: false, failure: true },
      }),
    ]
    const { sink, outcome } = await runJob(host, makeJob(steps))
    expect(outcome.status).toBe('failure')
    const error = 'not ready after 3 checks: nothing listens on port 5432'
    expect(sink.results.get('db')).toMatchObject({ status: 'failure', error })
    expect(sink.log('db')).toContain(`[sandpiper] ${error}\n`)
    expect(sink.log('db')).toContain(
      '[sandpiper] not ready (1 of 3): nothing listens on port 5432\n',
    )
    expect(sink.results.get('use')!.status).toBe('skipped')
    expect(sink.log('mail')).toContain('\ndb\n')
  })

  it('only warns when the check follows from its ports alone', async () => {
    const steps = [
      service('db', ['sleep 1000'], {
        healthcheck: health({ port: 5432, retries: 2, implied: true }),
      }),
      step('use', ['true'], after('db')),
    ]
    const { sink, outcome } = await runJob(host, makeJob(steps))
    expect(outcome.status).toBe('success')
    expect(sink.log('db')).toContain('[sandpiper] warning: not ready after 2 checks: ')
    expect(sink.results.get('use')!.status).toBe('success')
  })

  it('does not count what fails in the start period', async () => {
    const steps = [
      service('db', ['sleep 0.6', 'nc -l -p 5432'], {
        healthcheck: health({ port: 5432, retries: 1, startPeriodMs: 30_000 }),
      }),
      step('use', ['true'], after('db')),
    ]
    const { outcome } = await runJob(host, makeJob(steps))
    expect(outcome.status).toBe('success')
  })

  it('has failed as soon as it has ended', async () => {
    const steps = [
      service('db', ['echo no space', 'exit 3'], { healthcheck: health({ port: 5432 }) }),
      step('use', ['true'], after('db')),
    ]
    const { sink, outcome } = await runJob(host, makeJob(steps))
    expect(outcome.status).toBe('failure')
    expect(sink.results.get('db')).toMatchObject({
      status: 'failure',
      exitCode: 3,
      error: 'ended before it was ready: failed: exit code 3',
    })
    expect(sink.results.get('use')!.status).toBe('skipped')
  })

  it('has failed when it ended well without ever being ready', async () => {
    const steps = [
      service('db', ['true'], { healthcheck: health({ port: 5432 }) }),
      step('use', ['true'], after('db')),
    ]
    const { sink, outcome } = await runJob(host, makeJob(steps))
    expect(outcome.status).toBe('failure')
    expect(sink.results.get('db')!.error).toBe('ended before it was ready: exit code 0')
  })

  it('is stopped when the stage is cancelled while it is waited for', async () => {
    const controller = new AbortController()
    const steps = [
      service('db', ['echo here', 'sleep 1000'], { healthcheck: health({ port: 5432 }) }),
      step('use', ['true'], after('db')),
    ]
    const stop: StageStop = { reason: { kind: 'cancelled', reason: 'by ada' }, urgent: false }
    const { sink, outcome } = await runJob(host, makeJob(steps), {
      signal: controller.signal,
      onOutput: (_, log) => {
        if (log.includes('\nhere\n')) controller.abort(stop)
      },
    })
    expect(outcome).toEqual({ status: 'killed', error: 'cancelled: by ada' })
    expect(sink.results.get('db')!.status).toBe('killed')
    expect(sink.results.get('use')!.status).toBe('skipped')
  })
})

describe('a service with a command as its check', () => {
  const check = ['sh', '-c', '[ -e "$READY" ] || { echo no such file; exit 4; }']

  it('holds steps back until the command passes inside of it', async () => {
    const steps = [
      service('db', ['sleep 0.3', 'touch /var/tmp/ready', 'sleep 1000'], {
        environment: { READY: '/var/tmp/ready' },
        healthcheck: health({ command: check }),
      }),
      step('use', ['true'], after('db')),
    ]
    const { sink, outcome } = await runJob(host, makeJob(steps))
    expect(`${sink.log('db')}${outcome.status}`).toMatch(/ready after [\s\S]*success$/)
  })

  it('tells why it failed and what it printed last', async () => {
    const steps = [
      service('db', ['sleep 1000'], {
        environment: { READY: '/nothing' },
        healthcheck: health({ command: check, retries: 2 }),
      }),
      step('use', ['true'], after('db')),
    ]
    const { sink, outcome } = await runJob(host, makeJob(steps))
    expect(outcome.status).toBe('failure')
    expect(sink.results.get('db')!.error).toBe(
      'not ready after 2 checks: exit code 4\nno such file',
    )
  })

  it('ends a check that takes too long', async () => {
    const steps = [
      service('db', ['sleep 1000'], {
        healthcheck: health({ command: ['sleep', '1000'], retries: 1, timeoutMs: 100 }),
      }),
      step('use', ['true'], after('db')),
    ]
    const { sink } = await runJob(host, makeJob(steps))
    expect(sink.results.get('db')!.error).toBe('not ready after 1 checks: no result in 100ms')
  })
})

describe('services', () => {
  it('start in the order of their dependencies and end with the stage', async () => {
    const steps = [
      service('web', ['cat from-db', 'sleep 1000'], after('db')),
      service('db', ['echo hello > from-db', 'nc -l -p 5432'], {
        healthcheck: health({ port: 5432 }),
      }),
      step('use', ['true'], after('web', 'db')),
    ]
    const { sink, outcome } = await runJob(host, makeJob(steps))
    expect(outcome.status).toBe('success')
    expect(sink.events.slice(0, 3)).toEqual(['start db', 'start web', 'start use'])
    for (const name of ['web', 'db']) {
      expect(sink.log(name)).toContain('[sandpiper] ended: the other steps are done\n')
    }
  })

  it('that end by themselves do not fail the stage', async () => {
    const steps = [
      service('once', ['touch done', 'exit 5']),
      step('use', ['while [ ! -e done ]; do sleep 0.01; done', 'sleep 0.2'], after('once')),
    ]
    const { sink, outcome } = await runJob(host, makeJob(steps))
    expect(outcome.status).toBe('success')
    expect(sink.results.get('once')).toMatchObject({ status: 'failure', exitCode: 5 })
    expect(sink.log('once')).toContain(
      '[sandpiper] ended by itself with exit code 5; the stage goes on\n',
    )
  })

  it('have addresses of their own, by which steps and services find each other on the same port', async () => {
    const serve = (name: string): string[] => [
      `mkdir /www; echo ${name} >/www/index.html`,
      'httpd -f -p 80 -h /www',
    ]
    const healthcheck = health({ port: 80 })
    const get = (name: string): string => `wget -q -O - http://${name}/`
    const steps = [
      service('one', serve('first'), { healthcheck }),
      service('my_two', [get('one'), get('ONE'), ...serve('second')], {
        healthcheck,
        ...after('one'),
      }),
      step('use', [get('one'), get('my_two'), get('my-two')], after('one', 'my_two')),
      step('narrow', [get('one')], { ...after('my_two'), network: { allow: [] } }),
    ]
    const { sink, outcome } = await runJob(host, makeJob(steps))
    expect(outcome).toEqual({ status: 'success', error: '' })
    expect(sink.log('my_two')).toMatch(/\nfirst\n[^]*\nfirst\n/)
    expect(sink.log('use')).toMatch(/\nfirst\n[^]*\nsecond\n[^]*\nsecond\n/)
    expect(sink.log('narrow')).toMatch(/\nfirst\n/)
  })

  it('end when those that depend on them have, and can still be reached until then', async () => {
    const say = (word: string): string => `trap 'echo ${word}; exit 0' TERM; touch up-$NAME`
    const wait = 'while :; do sleep 0.05; done'
    const last = `trap 'wget -q -O - http://db/; exit 0' TERM; touch up-web`
    const steps = [
      service('db', ['mkdir /www; echo db >/www/index.html', 'httpd -f -p 80 -h /www'], {
        healthcheck: health({ port: 80 }),
      }),
      service('web', [last, wait], after('db')),
      step('watch', [say('bye'), wait], {
        ...after('web'),
        detach: true,
        environment: { NAME: 'w' },
      }),
      step('use', ['while [ ! -e up-w ] || [ ! -e up-web ]; do sleep 0.01; done'], after('watch')),
    ]
    const { sink, outcome } = await runJob(host, makeJob(steps))
    expect(outcome).toEqual({ status: 'success', error: '' })
    expect(sink.events.slice(-3)).toEqual(['end watch', 'end web', 'end db'])
    expect(sink.log('watch')).toContain('\nbye\n')
    expect(sink.log('web')).toContain('\ndb\n')
  })
})
