import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { makeTar } from '../layers/testing/archives.js'
import { packTree } from '../layers/pack.js'
import { OciLayout } from '../testing/oci-layout.js'
import { TestRegistry } from '../testing/registry.js'
import { makeJob, openTestHost, program, runJob, step, type TestHost } from '../testing/stages.js'
import { until } from '../testing/until.js'

let registry: TestRegistry
let scratch = ''
let test: TestHost
let busybox: Buffer

beforeAll(async () => {
  scratch = await mkdtemp(path.join(os.tmpdir(), 'sandpiper-stage-images-'))
  registry = await TestRegistry.start({ auth: 'basic' })
  const registries = { insecure: [registry.host], retries: { tries: 1, baseMs: 1 } }
  test = await openTestHost({}, { registries })
  const image = await test.host.deps.layers.find('busybox')
  const [root = ''] = test.host.deps.layers.layerPaths(image!)
  const parts: Buffer[] = []
  for await (const part of packTree(root)) parts.push(part)
  busybox = Buffer.concat(parts)
})
afterAll(async () => {
  await test.remove()
  await registry.remove()
  await rm(scratch, { recursive: true, force: true })
})

const secrets = (): ReadonlyMap<string, string> => new Map([['pulls', registry.dockerConfig]])

/** Puts busybox with a layer on top into the registry. @returns its name */
async function push(
  tag: string,
  config: Readonly<Record<string, unknown>> = {},
  upper = makeTar([{ path: 'etc/image', content: tag }]),
): Promise<string> {
  const layout = new OciLayout(await mkdtemp(path.join(scratch, 'layout-')))
  await layout.addImage('x', { layers: [busybox, upper], config })
  await registry.copyIn(layout.source('x'), `app:${tag}`)
  return `${registry.host}/app:${tag}`
}

const PULL = { plan: { imagePullSecrets: ['pulls'] } }

describe('the images of a stage', () => {
  it('are pulled with its credentials, and its steps run on them as they say', async () => {
    const env = ['GREETING=hello']
    const image = await push('run', {
      Env: env,
      Entrypoint: ['sh', '-c', 'echo "$GREETING $PLUGIN_TO"'],
    })
    const steps = [
      step('commands', ['cat /etc/image'], { image }),
      program('plugin', image, { environment: { PLUGIN_TO: 'you' }, dependsOn: ['commands'] }),
    ]
    const { sink, outcome } = await runJob(test, makeJob(steps, PULL), { secrets: secrets() })
    expect(outcome).toEqual({ status: 'success', error: '' })
    expect(sink.log('commands')).toMatch(
      /^\[sandpiper\] pulling \S+app:run: 2 layers, [\d.]+ [KM]iB\n\[sandpiper\] pulled \S+ in [\d.]+s\n/,
    )
    expect(sink.log('commands')).toContain('\nrun')
    expect(sink.log('plugin')).toBe('hello you\n')
  })

  it('are told of in the log of the step that can not have one', async () => {
    const image = await push('closed')
    const { sink, outcome } = await runJob(test, makeJob([step('a', ['true'], { image })], PULL))
    expect(outcome.status).toBe('error')
    expect(sink.log('a')).toContain(
      'warning: there is no secret pulls; images are pulled without it',
    )
    expect(sink.log('a')).toMatch(/denied|credentials/i)
    const broken = new Map([['pulls', '{']])
    const other = await runJob(test, makeJob([step('a', ['true'], { image })], PULL), {
      secrets: broken,
    })
    expect(other.sink.log('a')).toContain('secret pulls')
  })

  it('come while the source is checked out, but not those that only a failure would need', async () => {
    const [image, other] = [await push('ahead'), await push('after-failure')]
    const { layers } = test.host.deps
    const clone = { kind: 'clone', name: 'clone', dependsOn: [] } as const
    const steps = [
      clone,
      step('first', ['true'], { dependsOn: ['clone'] }),
      step('second', ['cat /etc/image'], { image, dependsOn: ['first'] }),
      step('mail', ['true'], {
        ...{ image: other, dependsOn: ['second'] },
        runOn: { success: false, failure: true },
      }),
    ]
    const tree = await mkdtemp(path.join(scratch, 'tree-'))
    const workspace = async (): Promise<{ path: string }> => {
      await until('the second image', async () => (await layers.find(image)) !== null)
      return { path: tree }
    }
    const job = makeJob(steps, { plan: { ...PULL.plan, clone: { disabled: false } } })
    const { sink, outcome } = await runJob(test, job, { workspace, secrets: secrets() })
    expect(outcome.status).toBe('success')
    expect(sink.log('second')).toMatch(/^\+ cat \/etc\/image\nahead$/m)
    expect(await layers.find(other)).toBeNull()
  })

  it('do not hold up steps whose own are there', async () => {
    const stalled = await TestRegistry.start()
    await stalled.down()
    const steps = [
      step('quick', ['echo done']),
      step('slow', ['true'], { image: `${stalled.host}/never:1` }),
    ]
    const { sink } = await runJob(test, makeJob(steps))
    expect(sink.log('quick')).toContain('done\n')
    expect(sink.results.get('quick')?.status).toBe('success')
    expect(sink.results.get('slow')?.status).toBe('error')
    await stalled.remove()
  })

  it('stay in the store as long as the stage runs', async () => {
    const image = await push('held')
    const tree = await mkdtemp(path.join(scratch, 'tree-'))
    let removed: readonly string[] = []
    const { layers } = test.host.deps
    const first = step('first', ['echo begun; until [ -e /drone/src/x ]; do sleep 0.02; done'], {
      image,
    })
    const controller = new AbortController()
    await runJob(test, makeJob([first], PULL), {
      ...{ tree: { path: tree }, secrets: secrets(), signal: controller.signal },
      onOutput: (_, log) => {
        if (!log.includes('\nbegun\n')) return
        void layers.prune({ bytesMax: 0 }).then((all) => {
          removed = all.images
          controller.abort()
        })
      },
    })
    expect(removed).not.toContain(image)
    expect((await layers.prune({ bytesMax: 0 })).images).toContain(image)
    await layers.importBusybox('busybox')
  })
})

describe('a service', () => {
  it('is ready when its image says so: by its health check, or by a port that it exposes', async () => {
    const late = 'sleep 0.3; touch /tmp/well; nc -l -p 7000'
    const health = { Test: ['CMD-SHELL', 'test -e /tmp/well'], Interval: 20_000_000 }
    for (const [tag, config] of [
      ['health', { Cmd: ['sh', '-c', late], Healthcheck: health }],
      ['port', { Cmd: ['sh', '-c', late], ExposedPorts: { '6999/tcp': {}, '7000/tcp': {} } }],
    ] as const) {
      const image = await push(tag, config)
      const steps = [
        program('db', image, { detach: true, service: true }),
        step('use', ['until nc db 7000 </dev/null; do sleep 0.02; done; echo open'], {
          dependsOn: ['db'],
        }),
      ]
      const { sink, outcome } = await runJob(test, makeJob(steps, PULL), { secrets: secrets() })
      expect(outcome).toEqual({ status: 'success', error: '' })
      expect(sink.log('use')).toContain('open\n')
      expect(sink.log('db')).toContain(
        tag === 'port' ? 'one of the ports 6999, 7000 is open' : "its image's health check passes",
      )
      expect(sink.log('db')).toMatch(/ready after/)
    }
  })

  it('holds nobody up for good when its image was wrong about that', async () => {
    const health = { Test: ['CMD', 'false'], Interval: 10_000_000, Retries: 2 }
    const image = await push('ill', { Cmd: ['sleep', '1000'], Healthcheck: health })
    const missing = { Test: ['CMD', '/no/such'], Interval: 10_000_000 }
    const other = await push('missing', { Cmd: ['sleep', '1000'], Healthcheck: missing })
    for (const name of [image, other]) {
      const steps = [
        program('db', name, { detach: true, service: true }),
        step('use', ['echo used'], { dependsOn: ['db'] }),
      ]
      const { sink, outcome } = await runJob(test, makeJob(steps, PULL), { secrets: secrets() })
      expect(outcome.status).toBe('success')
      expect(sink.log('use')).toContain('used\n')
    }
  })
})
