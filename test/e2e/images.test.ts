import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { packTree } from '../../runner/layers/pack.js'
import { openLayerStore } from '../../runner/layers/store.js'
import { makeTar } from '../../runner/layers/testing/archives.js'
import { OciLayout } from '../../runner/testing/oci-layout.js'
import { TestRegistry } from '../../runner/testing/registry.js'
import { findLeftovers } from '../support/leftovers.js'
import { makeProject } from '../support/project.js'
import {
  connect,
  sandpiper,
  startSandpiper,
  type Api,
  type SandpiperProcess,
} from '../support/sandpiper.js'
import { makeScratch } from '../support/scratch.js'

/** Images as a user meets them: named in a pipeline, pulled from a registry that wants a password, run. */
let scratch: { dir: string; remove: () => Promise<void> }
let registry: TestRegistry
let server: SandpiperProcess
let api: Api
let data = ''
let env: Readonly<Record<string, string>>

beforeAll(async () => {
  scratch = await makeScratch()
  data = path.join(scratch.dir, 'data')
  registry = await TestRegistry.start({ auth: 'basic', tls: true })
  await fillRegistry()
  const config = path.join(scratch.dir, 'config.json')
  await writeFile(config, registry.dockerConfig)
  env = {
    SANDPIPER_DATA: data,
    SANDPIPER_REGISTRY_CONFIG: config,
    SANDPIPER_REGISTRY_CA: registry.caFile ?? '',
  }
  server = startSandpiper(['standalone', '--listen', '127.0.0.1:0'], env)
  api = await connect(data, server)
}, 60_000)

afterAll(async () => {
  await server.end()
  await registry.remove()
  await scratch.remove()
  expect(await findLeftovers()).toEqual([])
}, 60_000)

async function fillRegistry(): Promise<void> {
  const store = await openLayerStore(path.join(scratch.dir, 'source'))
  const [root = ''] = store.layerPaths(await store.importBusybox('busybox'))
  await store.flush()
  const layout = new OciLayout(path.join(scratch.dir, 'layout'))
  const passwd = 'root:x:0:0::/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\n'
  await layout.addImage('tool', {
    layers: [await pack(root), makeTar([{ path: 'etc/passwd', content: passwd }])],
    packing: 'zstd',
    config: { User: 'ada', Env: ['TOOL=yes'] },
  })
  // As plugins are made: a program and nothing else, no shell, no /etc.
  const alone = path.join(scratch.dir, 'alone')
  await mkdir(path.join(alone, 'bin'), { recursive: true })
  await copyFile(path.join(root, 'bin/busybox'), path.join(alone, 'bin/busybox'))
  await chmod(path.join(alone, 'bin/busybox'), 0o755)
  const entrypoint = [
    '/bin/busybox',
    'sh',
    '-c',
    '/bin/busybox env; /bin/busybox pwd; /bin/busybox ls',
  ]
  await layout.addImage('plugin', {
    layers: [await pack(alone)],
    config: { Entrypoint: entrypoint },
  })
  await registry.copyIn(layout.source('tool'), 'team/tool:1')
  await registry.copyIn(layout.source('plugin'), 'plugins/show:latest')
}

async function pack(directory: string): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of packTree(directory)) parts.push(part)
  return Buffer.concat(parts)
}

describe('a build', () => {
  it('runs its steps and plugins on images that were in a registry only', async () => {
    const project = await makeProject(api, scratch.dir, 'acme/images')
    await project.push({
      '.pipeline.yml': `
kind: pipeline
name: default
steps:
  - name: tool
    image: ${registry.host}/team/tool:1
    commands:
      - echo "$TOOL $(id -un)"
      - echo made > made.txt
  - name: plugin
    image: ${registry.host}/plugins/show
    settings:
      channel: dev
      retries: 3
      verbose: true
      tags: [a, b]
      nested: { a: [1] }
`,
    })
    const build = await api.ended(project.slug, 1)
    expect(build).toMatchObject({ status: 'success' })
    const tool = await api.log(project.slug, 1, 1, 2)
    expect(tool).toMatch(/^\[sandpiper\] pulling \S+\/team\/tool:1: 2 layers, /)
    expect(tool).toMatch(/\n\[sandpiper\] pulled \S+ in [\d.]+s\n/)
    expect(tool).toContain('\nyes ada\n')
    const lines = (await api.log(project.slug, 1, 1, 3)).split('\n')
    for (const line of [
      ...['PLUGIN_CHANNEL=dev', 'PLUGIN_RETRIES=3', 'PLUGIN_VERBOSE=true', 'PLUGIN_TAGS=a,b'],
      ...['PLUGIN_NESTED={"a":[1]}', 'DRONE=true', 'DRONE_REPO=acme/images'],
      ...['DRONE_BUILD_NUMBER=1', 'DRONE_BUILD_STATUS=success', '/drone/src', 'made.txt'],
    ]) {
      expect(lines).toContain(line)
    }
  }, 60_000)

  it('says who has to do what when a registry refuses', async () => {
    const project = await makeProject(api, scratch.dir, 'acme/none')
    const name = `${registry.host}/team/nothing:1`
    await project.push({
      '.pipeline.yml': `kind: pipeline\nsteps: [{name: a, image: "${name}", commands: [x]}]\n`,
    })
    expect((await api.ended(project.slug, 1)).status).toBe('error')
    const log = await api.log(project.slug, 1, 1, 2)
    expect(log).toContain(`can't pull ${name}: `)
    expect(log).toContain('Check the name and the tag.')
  }, 60_000)
})

describe('the commands of images', () => {
  it('pull, show, pin, check and remove what the builds have, which is shared', async () => {
    const name = `${registry.host}/team/tool:1`
    const pulled = await sandpiper(['image', 'pull', name, '--json'], env)
    expect(pulled).toMatchObject({ code: 0 })
    const { id } = JSON.parse(pulled.stdout) as { id: string }
    const inspected = await sandpiper(['image', 'inspect', name], env)
    const whole = JSON.parse(inspected.stdout) as {
      layers: { chainId: string; parent: string | null; blob: { mediaType: string } }[]
      file: { config: { User: string } }
    }
    expect(whole).toMatchObject({ name, id, file: { config: { User: 'ada' } } })
    expect(whole.layers[1]?.parent).toBe(whole.layers[0]?.chainId)
    expect(whole.layers[0]?.blob.mediaType).toMatch(/zstd$/)
    expect((await sandpiper(['image', 'pin', name], env)).code).toBe(0)
    expect((await sandpiper(['image', 'ls'], env)).stdout).toMatch(/team\/tool:1 .* pinned/)
    const pruned = await sandpiper(['image', 'prune', '--all'], env)
    expect(pruned.stdout).toMatch(/^removed \S+\/plugins\/show:latest\nremoved 1 layer, [\d.]+ /)
    expect(pruned.stdout).not.toContain('team/tool')
    const verified = await sandpiper(['image', 'verify'], env)
    expect(verified).toMatchObject({ code: 0, stdout: '1 image, 2 layers, 0 faults\n' })
    const pinned = await sandpiper(['image', 'rm', name], env)
    expect(pinned).toMatchObject({ code: 2, stderr: expect.stringContaining('is pinned') })
    expect((await sandpiper(['image', 'unpin', name], env)).code).toBe(0)
    expect((await sandpiper(['image', 'rm', name], env)).code).toBe(0)
    expect((await sandpiper(['image', 'rm', name], env)).code).toBe(2)
    expect((await sandpiper(['image', 'inspect', name], env)).code).toBe(2)
  }, 60_000)
})
