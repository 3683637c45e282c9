import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { padding } from '../tar/entry.js'
import { encodeHeaders, TRAILER } from '../tar/write.js'

const run = promisify(execFile)

export async function makeTemporaryDirectory(): Promise<string> {
  return realpath(await mkdtemp(join(tmpdir(), 'sandpiper-layers-')))
}

/** A store that is still being brought to the disk may add a file meanwhile. */
export async function removeDirectory(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
}

/** Runs a program for a test and resolves with its stdout. */
export async function sh(directory: string, script: string): Promise<string> {
  const options = { cwd: directory, maxBuffer: 1 << 26 }
  return (await run('/bin/sh', ['-ec', script], options)).stdout
}

/** An entry of an archive that a test makes. */
export interface Made {
  readonly path: string
  readonly flag?: string
  readonly content?: string
  readonly linkPath?: string
  readonly mode?: number
  readonly uid?: number
  readonly xattrs?: Readonly<Record<string, string>>
}

/** An archive with exactly these entries, whatever they are. */
export function makeTar(entries: readonly Made[]): Buffer {
  const parts = entries.map(({ path, flag = '0', content = '', linkPath, ...rest }) => {
    const header = encodeHeaders({
      ...{
        path: latin1(path),
        flag,
        linkPath: latin1(linkPath ?? ''),
        size: content.length,
        mtime: 1000,
        gid: 0,
      },
      ...{ mode: rest.mode ?? (flag === '5' ? 0o755 : 0o644), uid: rest.uid ?? 0 },
      xattrs: new Map(Object.entries(rest.xattrs ?? {})),
    })
    return Buffer.concat([header, Buffer.from(content), Buffer.alloc(padding(content.length))])
  })
  return Buffer.concat([...parts, TRAILER])
}

/** UTF-8 bytes, one character each. */
function latin1(text: string): string {
  return Buffer.from(text).toString('latin1')
}

export function sha256(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}

const CONFIG = {
  Env: ['PATH=/bin', 'GREETING=a=b'],
  Cmd: ['sh'],
  Entrypoint: ['/entry'],
  WorkingDir: '/work',
  User: 'ada',
}

/** A configuration as images carry it, for layers given as uncompressed archives. */
export function makeImageFile(layers: readonly Buffer[]): string {
  const diffIds = layers.map((layer) => `sha256:${sha256(layer)}`)
  const rootfs = { type: 'layers', diff_ids: diffIds }
  return JSON.stringify({ architecture: 'amd64', os: 'linux', config: CONFIG, rootfs })
}

/** A `docker save` archive in the form that Docker wrote before version 25. */
export function makeDockerArchive(layers: readonly Buffer[], tags: readonly string[]): Buffer {
  const config = makeImageFile(layers)
  const members = layers.map((layer, at) => ({
    path: `${sha256(`${String(at)}${sha256(layer)}`)}/layer.tar`,
    content: layer.toString('latin1'),
  }))
  const manifest = [
    {
      Config: `${sha256(config)}.json`,
      RepoTags: tags,
      Layers: members.map(({ path }) => path),
    },
  ]
  return makeBinaryTar([
    ...members,
    { path: `${sha256(config)}.json`, content: config },
    { path: 'manifest.json', content: JSON.stringify(manifest) },
  ])
}

/** An OCI archive whose index leads to the image over an index of platforms. */
export function makeOciArchive(
  layers: readonly Buffer[],
  blobs: readonly Buffer[] = layers,
  config = makeImageFile(layers),
): Buffer {
  const members = new Map<string, string>()
  const add = (content: string): { digest: string; size: number } => {
    members.set(`blobs/sha256/${sha256(Buffer.from(content, 'latin1'))}`, content)
    return {
      digest: `sha256:${sha256(Buffer.from(content, 'latin1'))}`,
      size: content.length,
    }
  }
  const manifest = {
    schemaVersion: 2,
    config: add(config),
    layers: blobs.map((blob) => add(blob.toString('latin1'))),
  }
  const platforms = [
    { ...add('{}'), platform: { os: 'windows', architecture: 'amd64' } },
    {
      ...add(JSON.stringify(manifest)),
      platform: { os: 'linux', architecture: process.arch === 'x64' ? 'amd64' : process.arch },
    },
  ]
  const top = { schemaVersion: 2, manifests: [add(JSON.stringify({ manifests: platforms }))] }
  return makeBinaryTar([
    ...[...members].map(([path, content]) => ({ path, content })),
    { path: 'index.json', content: JSON.stringify(top) },
    { path: 'oci-layout', content: '{"imageLayoutVersion":"1.0.0"}' },
  ])
}

/** As `makeTar`, with contents that hold bytes as latin1. */
function makeBinaryTar(files: readonly { path: string; content: string }[]): Buffer {
  const parts = files.flatMap(({ path, content }) => {
    const size = content.length
    const header = encodeHeaders({ path, flag: '0', mode: 0o644, uid: 0, gid: 0, mtime: 0, size })
    return [header, Buffer.from(content, 'latin1'), Buffer.alloc(padding(size))]
  })
  return Buffer.concat([...parts, TRAILER])
}

/** Writes bytes to a new file below `directory` and resolves with its path. */
export async function writeArchive(
  directory: string,
  name: string,
  bytes: Buffer,
): Promise<string> {
  const path = join(directory, name)
  await writeFile(path, bytes)
  return path
}
