import { execFile } from 'node:child_process'
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import type { EntrypointStep } from '../../../pipelines/index.js'
import { makeJob, program, runJob, type TestHost, type TestRun } from '../../testing/stages.js'

const run = promisify(execFile)

/** Files by path. `->x` is a link to x, `755:x` a file of that mode, `$ command` what it prints. */
export type Files = Readonly<Record<string, string>>

let count = 0

/** A working tree with these files. */
export async function makeTree(host: TestHost, files: Files): Promise<string> {
  const tree = path.join(host.directory, `tree-${String(count++)}`)
  await mkdir(tree)
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(tree, name)
    await mkdir(path.dirname(file), { recursive: true })
    const [, mode, text] = /^([0-7]{3,4}):([^]*)$/.exec(content) ?? []
    if (content.startsWith('->')) await symlink(content.slice(2), file)
    else if (content.startsWith('$ '))
      await run('sh', ['-c', `(${content.slice(2)}) > "$1"`, 'sh', file])
    else await writeFile(file, text ?? content)
    if (mode !== undefined) await chmod(file, Number.parseInt(mode, 8))
  }
  return tree
}

export interface TestBuild extends TestRun {
  readonly log: string
}

/** Runs a step of `plugins/docker` with these settings on a tree. */
export async function runBuild(
  host: TestHost,
  tree: string,
  settings: Files,
  more: Partial<EntrypointStep> = {},
  job: Parameters<typeof makeJob>[1] = {},
): Promise<TestBuild> {
  const environment = Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [`PLUGIN_${name.toUpperCase()}`, value]),
  )
  const step = program('image', 'plugins/docker', { builder: 'docker', environment, ...more })
  const clone = { kind: 'clone', name: 'clone', dependsOn: [] } as const
  const whole = makeJob([clone, { ...step, dependsOn: ['clone'] }], {
    plan: { clone: { disabled: false } },
    ...job,
  })
  const done = await runJob(host, whole, { tree: { path: tree } })
  return { ...done, log: done.sink.log('image') }
}

/** What an image is, in a form that can be compared. */
export interface Anatomy {
  /** `type mode uid gid size link path` of every file, sorted. */
  readonly files: readonly string[]
  readonly config: Readonly<Record<string, unknown>>
}

/** Empty files that buildah leaves where it has mounted its own. */
const STUB = /^(?:f 755 0 0 0|e3b0c44298fc1c14\S+) {2}\.\/etc\/(?:hostname|resolv\.conf|hosts)$/

/** Takes an image out of an OCI layout with umoci. @param directory a new one, for the files */
export async function dissect(layout: string, tag: string, directory: string): Promise<Anatomy> {
  await run('umoci', ['unpack', '--image', `${layout}:${tag}`, directory])
  const { stdout } = await run('sh', [
    '-c',
    `cd "$1/rootfs" && find . ! -type d -printf '%y %m %U %G %s %l %p\\n' -o -printf '%y %m %U %G - %l %p\\n' | LC_ALL=C sort -k7 && find . -type f -exec sha256sum {} + | LC_ALL=C sort -k2`,
    'sh',
    directory,
  ])
  const { stdout: config } = await run('skopeo', ['inspect', '--config', `oci:${layout}:${tag}`])
  return {
    files: stdout
      .trim()
      .split('\n')
      .filter((line) => !STUB.test(line)),
    config: comparable((JSON.parse(config) as { config: Config }).config),
  }
}

interface Config {
  readonly Env?: readonly string[]
  readonly Labels?: Readonly<Record<string, string>>
}

/** Without what buildah adds, and without an order where there is none. */
function comparable({ Env = [], Labels = {}, ...config }: Config): Anatomy['config'] {
  const labels = Object.entries(Labels).filter(
    ([name]) => name !== 'io.buildah.version' && name !== 'org.opencontainers.image.created',
  )
  return { ...config, Env: [...Env].sort(), Labels: Object.fromEntries(labels) }
}

/** Builds with buildah and takes the image out. @param directory a new one, for all of it */
export async function buildWithBuildah(
  tree: string,
  directory: string,
  args: readonly string[] = [],
): Promise<Anatomy> {
  await mkdir(directory)
  const store = [
    ...['--root', path.join(directory, 'root'), '--runroot', path.join(directory, 'runroot')],
    ...['--storage-driver', 'vfs'],
  ]
  const flags = ['--isolation', 'chroot', '--tls-verify=false', '--format', 'docker', '-t', 'x']
  await run('buildah', [...store, 'bud', ...flags, ...args, tree], { maxBuffer: 1 << 24 })
  const layout = path.join(directory, 'layout')
  await run('buildah', [...store, 'push', '--format', 'oci', 'x', `oci:${layout}:x`])
  return dissect(layout, 'x', path.join(directory, 'bundle'))
}
