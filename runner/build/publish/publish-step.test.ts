import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { PublishPlan } from '../../../pipelines/plan.js'
import { REGISTRY_LOGIN, TestRegistry } from '../../testing/registry.js'
import {
  makeJob,
  openTestHost,
  program,
  RecordingSink,
  step,
  type TestHost,
  type TestRun,
} from '../../testing/stages.js'
import { sharedSecrets } from '../../secrets/stage-secrets.js'
import { runStage } from '../../stage/run-stage.js'
import { treeWorkspace } from '../../stage/workspace.js'
import { dissect, makeTree } from '../testing/builds.js'

/** Steps that publish, to a real registry. */
let registry: TestRegistry
let host: TestHost

const execute = promisify(execFile)
const { username, password } = REGISTRY_LOGIN

beforeAll(async () => {
  registry = await TestRegistry.start({ auth: 'basic' })
  host = await openTestHost(
    { memoryBytes: 256 * 1024 * 1024, pids: 64, diskBytes: 64 * 1024 * 1024 },
    { registries: { insecure: [registry.host] } },
  )
}, 60_000)

afterAll(async () => {
  await host.remove()
  await registry.remove()
})

/** What the step had mounted, removed, or wrote elsewhere. */
const LEFTOVER =
  /\.\/(?:shared|drone|\.sandpiper|run\/.*|etc\/(?:nsswitch\.conf|resolv\.conf|hostname)|.*(?:new|in-tree))$/

function secrets(): ReadonlyMap<string, string> {
  return new Map([
    ['registry_password', password],
    ['config', registry.dockerConfig],
  ])
}

type Steps = Parameters<typeof makeJob>[0]

async function run(steps: Steps, more: Parameters<typeof makeJob>[1] = {}): Promise<TestRun> {
  const job = makeJob([{ kind: 'clone', name: 'clone', dependsOn: [] }, ...steps], {
    ...more,
    plan: { clone: { disabled: false }, ...more.plan },
  })
  const sink = new RecordingSink(job)
  const tree = await makeTree(host, { 'in-tree': 'x' })
  const deps = {
    ...host.host.deps,
    workspace: treeWorkspace({ path: tree }),
    secrets: sharedSecrets(secrets()),
  }
  const outcome = await runStage(job, deps, sink, new AbortController().signal)
  return { sink, outcome }
}

function publishing(
  commands: readonly string[],
  plan: Partial<PublishPlan> = {},
  more: Parameters<typeof step>[2] = {},
): Steps[number] {
  const publish: PublishPlan = {
    ...{ repo: `${registry.host}/made`, tags: ['1'] },
    ...{ username: { value: username }, password: { secret: 'registry_password' } },
    ...plan,
  }
  return step('make', commands, { publish, dependsOn: ['clone'], ...more })
}

describe('publish', () => {
  it('makes an image of what the step wrote to its root, and of nothing else', async () => {
    const commands = [
      'mkdir -p /srv/app && echo made > /srv/app/file && chown 7:8 /srv/app/file',
      'rm /etc/nsswitch.conf; echo in-workspace > new; echo shared > /shared/x',
      'cat /etc/hostname /etc/resolv.conf > /dev/null; env | grep -c sand.piper || true',
    ]
    const plan = {
      tags: ['1', 'latest'],
      ...{ entrypoint: ['/bin/sh', '-c'], cmd: ['id -u; echo $A'] },
      ...{ env: { A: 'b c' }, workdir: '/srv/app', user: '7', labels: { own: 'label' } },
    }
    const volumes = [{ kind: 'temp', name: 'shared', medium: 'disk' }] as const
    const mounts = [{ volume: 'shared', path: '/shared' }]
    const made = await run([publishing(commands, plan, { mounts })], { plan: { volumes } })
    const log = made.sink.log('make')
    expect(`${made.outcome.status} ${log}`).toMatch(/^success/)
    expect(log).toContain('\n0\n')
    expect(log).not.toContain(password)
    expect(log).toContain(`pushed ${registry.host}/made:latest`)
    const inspected = JSON.parse(await registry.inspect('made:1')) as {
      readonly Layers: readonly string[]
      readonly Labels: object
    }
    expect(inspected.Layers).toHaveLength(2)
    expect(inspected.Labels).toEqual({ own: 'label' })
    await pullWithPodman(`${registry.host}/made:1`)
    const layout = path.join(host.directory, 'made')
    await registry.copyOut('made:1', `oci:${layout}:x`)
    const { files, config } = await dissect(layout, 'x', path.join(host.directory, 'made-bundle'))
    expect(config).toMatchObject({
      ...{ Entrypoint: ['/bin/sh', '-c'], Cmd: plan.cmd, WorkingDir: '/srv/app', User: '7' },
      Env: expect.arrayContaining(['A=b c']) as unknown,
    })
    expect(files).toContain('f 644 7 8 5  ./srv/app/file')
    expect(files.filter((line) => LEFTOVER.test(line))).toEqual([])
    const use = program('use', `${registry.host}/made:1`, { dependsOn: ['clone'] })
    const used = await run([use], { plan: { imagePullSecrets: ['config'] } })
    expect(used.sink.log('use')).toContain('7\nb c\n')
  }, 120_000)

  it('runs on what was published before, and publishes one more layer', async () => {
    const image = `${registry.host}/made:1`
    const steps = [
      publishing(['cat /srv/app/file; echo 2 > /two'], { tags: ['2'] }, { image, user: 'root' }),
    ]
    const again = await run(steps, { plan: { imagePullSecrets: ['config'] } })
    expect(`${again.outcome.status} ${again.sink.log('make')}`).toMatch(/^success/)
    expect(again.sink.log('make')).toContain('made\n')
    expect(again.sink.log('make').match(/ is there /g)).toHaveLength(2)
    const inspected = JSON.parse(await registry.inspect('made:2')) as { Layers: readonly string[] }
    expect(inspected.Layers).toHaveLength(3)
  }, 60_000)

  it('publishes nothing of a step that fails, and fails where it can’t publish', async () => {
    const failed = await run([publishing(['echo x > /x; exit 3'], { tags: ['failed'] })])
    expect(failed.sink.results.get('make')).toMatchObject({ status: 'failure', exitCode: 3 })
    expect(failed.sink.log('make')).not.toContain('pushed')
    const denied = await run([publishing(['true'], { password: { value: 'hunter2' } })])
    expect(denied.outcome.status).toBe('error')
    expect(denied.sink.log('make')).not.toContain('hunter2')
    const missing = await run([publishing(['true'], { password: { secret: 'none' } })])
    expect(missing.outcome.error).toContain('there is no secret none')
  }, 60_000)

  it('ends a step that writes more than its disk limit, though its layer is a directory', async () => {
    const commands = ['dd if=/dev/zero of=/big bs=1M count=400; sleep 60']
    const large = await run([publishing(commands)])
    expect(large.sink.results.get('make')).toMatchObject({ status: 'killed' })
    expect(large.sink.log('make')).toContain('killed: disk limit 64 MiB')
  }, 60_000)
})

async function pullWithPodman(image: string): Promise<void> {
  const config = path.join(host.directory, 'auth.json')
  await writeFile(config, registry.dockerConfig)
  const store = ['--root', path.join(host.directory, 'podman'), '--storage-driver', 'vfs']
  const runroot = ['--runroot', path.join(host.directory, 'podman-run')]
  const flags = ['--authfile', config, '--tls-verify=false']
  await execute('podman', [...store, ...runroot, 'pull', ...flags, image])
}
