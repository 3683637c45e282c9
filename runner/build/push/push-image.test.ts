import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { parseDockerConfig } from '../../registry/credentials/docker-config.js'
import type { RegistriesConfig } from '../../registry/types.js'
import { REGISTRY_LOGIN, TestRegistry } from '../../testing/registry.js'
import {
  makeJob,
  openTestHost,
  program,
  runJob,
  step,
  type TestHost,
} from '../../testing/stages.js'
import { makeTree, runBuild, type Files, type TestBuild } from '../testing/builds.js'

/** What is pushed, looked at in a real registry that lets nobody in without a password. */
let registry: TestRegistry
let host: TestHost

beforeAll(async () => {
  registry = await TestRegistry.start({ auth: 'basic' })
  host = await openTestHost(
    { memoryBytes: 256 * 1024 * 1024, pids: 64 },
    { registries: { insecure: [registry.host] } },
  )
}, 60_000)

afterAll(async () => {
  await host.remove()
  await registry.remove()
})

async function push(dockerfile: string, settings: Files = {}): Promise<TestBuild> {
  const tree = await makeTree(host, { Dockerfile: dockerfile, file: 'content' })
  const login = { registry: registry.host, ...REGISTRY_LOGIN }
  return runBuild(host, tree, { repo: `${registry.host}/app`, ...login, ...settings })
}

interface Inspected {
  readonly Layers: readonly string[]
  readonly Labels: Readonly<Record<string, string>>
  readonly Architecture: string
}

async function inspect(name: string): Promise<Inspected> {
  return JSON.parse(await registry.inspect(name)) as Inspected
}

describe('pushing', () => {
  it('brings every tag, with labels, and uploads only what is not there', async () => {
    const text = 'FROM busybox\nCOPY file /file\nRUN echo made > /made\nLABEL own=1\n'
    const first = await push(text, { tags: '1,latest', custom_labels: 'team=ci' })
    expect(`${first.outcome.status} ${first.log}`).toMatch(/^success/)
    expect(first.log.match(/uploaded/g)).toHaveLength(3)
    expect(first.log).not.toContain(REGISTRY_LOGIN.password)
    const image = await inspect('app:1')
    expect(image.Layers).toHaveLength(3)
    expect(image.Labels).toMatchObject({ own: '1', team: 'ci' })
    expect(await inspect('app:latest')).toMatchObject({ Layers: image.Layers })
    const again = await push(`${text}RUN echo more > /more\n`, { tags: '2' })
    expect(again.log.match(/is there/g)).toHaveLength(3)
    expect(again.log.match(/uploaded/g)).toHaveLength(1)
    const other = await push(text, { repo: `${registry.host}/other` })
    expect(other.log.match(/is there from another repository/g)).toHaveLength(3)
    expect(other.log).not.toContain('uploaded')
  }, 60_000)

  it('is pulled back and run as a step', async () => {
    const text = `FROM busybox
RUN echo app:x:1000:1000::/home/app:/bin/sh >> /etc/passwd && mkdir -p /home/app && chown 1000 /home/app
ENV GREETING=hello
USER app
WORKDIR /home/app
RUN echo kept > file
ENTRYPOINT ["/bin/sh", "-c"]
CMD ["id -u; echo $GREETING; cat /home/app/file"]
`
    const built = await push(text, { tags: 'run' })
    expect(built.outcome.status).toBe('success')
    const other = await openTestHost({}, { registries: registryOf() })
    try {
      const image = `${registry.host}/app:run`
      const job = makeJob([program('own', image), step('commands', ['id -un'], { image })])
      const { sink, outcome } = await runJob(other, job)
      expect(`${outcome.status} ${sink.log('own')}`).toMatch(/^success/)
      expect(sink.log('own')).toContain('1000\nhello\nkept\n')
      expect(sink.log('commands')).toContain('app\n')
    } finally {
      await other.remove()
    }
  }, 60_000)

  it('takes tags from a file of the workspace', async () => {
    const tree = await makeTree(host, { Dockerfile: 'FROM busybox\n', '.tags': 'a, b\nc\n' })
    const login = { registry: registry.host, ...REGISTRY_LOGIN }
    const { log } = await runBuild(host, tree, { repo: `${registry.host}/tagged`, ...login })
    for (const tag of ['a', 'b', 'c'])
      expect(log).toContain(`pushed ${registry.host}/tagged:${tag}`)
  })

  it('says what the registry says, and never the password', async () => {
    const denied = await push('FROM busybox', { password: 'hunter2' })
    expect(denied.outcome.status).toBe('error')
    expect(denied.log).not.toContain('hunter2')
    expect(denied.log).toMatch(/denied|unauthorized|401/i)
    const noRepo = await push('FROM busybox', { repo: `${registry.host}/UPPER` })
    expect(noRepo.log).toContain('is no image name')
  })

  it('packs layers anew where the registry that they came from does not have them any more', async () => {
    const lost = await TestRegistry.start()
    const names = [registry.host, lost.host]
    const own = await openTestHost({}, { registries: { insecure: names } })
    try {
      const first = await runBuild(own, await makeTree(own, { Dockerfile: 'FROM busybox' }), {
        repo: `${lost.host}/base`,
      })
      expect(first.outcome.status).toBe('success')
      await lost.remove()
      const login = { registry: registry.host, ...REGISTRY_LOGIN }
      const tree = await makeTree(own, { Dockerfile: 'FROM busybox\nRUN echo 1 > /x' })
      const second = await runBuild(own, tree, { repo: `${registry.host}/moved`, ...login })
      expect(`${second.outcome.status} ${second.log}`).toMatch(/^success/)
      expect((await inspect('moved:latest')).Layers).toHaveLength(2)
    } finally {
      await own.remove()
    }
  }, 120_000)
})

function registryOf(): RegistriesConfig {
  const credentials = [parseDockerConfig(registry.dockerConfig, 'the test')]
  return { insecure: [registry.host], credentials }
}
