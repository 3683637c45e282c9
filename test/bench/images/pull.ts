import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { OciLayout } from '../../../runner/testing/oci-layout.js'
import { TestRegistry } from '../../../runner/testing/registry.js'
import { ROOT } from '../../support/root.js'
import { medianFigure, printTable, type Figure } from '../report.js'
import { interleave, type Contender } from '../stats.js'

const run = promisify(execFile)
const ROUNDS = 5
const IMAGE_BYTES = 300_000_000
const LAYERS = 5
/** Real programs and documents, of which every Debian has enough. */
const SOURCES = ['/usr/lib', '/usr/share', '/usr/bin']
const NAME = 'bench:1'

/** A cold pull with everything unpacked, next to those of others: from a registry on loopback to files on disk. */
export async function benchPull(scratch: string): Promise<Figure> {
  const registry = await TestRegistry.start()
  try {
    await fill(registry, scratch)
    const contenders = contendersFor(registry, scratch)
    const samples = await interleave(contenders, ROUNDS, 1)
    const size = `${String(IMAGE_BYTES / 1e6)} MB in ${String(LAYERS)} layers`
    printTable(`cold pull and unpack of an image (${size})`, contenders, samples)
    return medianFigure('image.pull', contenders, samples)
  } finally {
    await registry.remove()
  }
}

async function fill(registry: TestRegistry, scratch: string): Promise<void> {
  const layout = new OciLayout(path.join(scratch, 'layout'))
  const layers: Buffer[] = []
  for (const files of await chooseFiles()) layers.push(await pack(scratch, files))
  await layout.addImage('x', { layers })
  await registry.copyIn(layout.source('x'), NAME)
  await rm(layout.directory, { recursive: true })
}

/** The first files of this machine that make up the size, in as many parts. */
async function chooseFiles(): Promise<string[][]> {
  const parts: string[][] = Array.from({ length: LAYERS }, () => [])
  let total = 0
  // Node's own recursive readdir follows links, and some lead back.
  const { stdout } = await run('find', [...SOURCES, '-type', 'f', '-printf', '%p\\t%s\\n'], {
    maxBuffer: 1 << 28,
  })
  for (const line of stdout.split('\n').slice(0, -1).sort()) {
    if (total >= IMAGE_BYTES) break
    const [file = '', size] = line.split('\t')
    parts[Math.min(LAYERS - 1, Math.floor((total * LAYERS) / IMAGE_BYTES))]?.push(file)
    total += Number(size)
  }
  if (total < IMAGE_BYTES)
    throw new Error(`this machine has only ${String(total)} bytes in ${SOURCES.join(', ')}`)
  return parts
}

async function pack(scratch: string, files: readonly string[]): Promise<Buffer> {
  const list = path.join(scratch, 'files')
  const archive = path.join(scratch, 'layer.tar')
  await writeFile(list, files.join('\n'))
  const flags = ['--numeric-owner', '--hard-dereference', '--no-recursion', '-P']
  await run('tar', ['-cf', archive, ...flags, '--transform=s,^/,,', '-T', list])
  const bytes = await readFile(archive)
  await rm(archive)
  return bytes
}

function contendersFor({ host }: TestRegistry, scratch: string): Contender[] {
  const source = `${host}/${NAME}`
  const made: string[] = []
  const fresh = async (): Promise<string> => {
    const directory = await mkdtemp(path.join(scratch, 'pull-'))
    made.push(directory)
    return directory
  }
  const settle = async (): Promise<void> => {
    for (const directory of made.splice(0)) await remove(directory)
    await run('sync', [])
  }
  return [
    {
      name: 'sandpiper image pull',
      note: 'checked and unpacked while it comes; nothing packed is kept',
      run: async () => {
        const flags = ['--data', await fresh(), '--registry-insecure', host]
        await run(process.execPath, [
          path.join(ROOT, 'bin/sandpiper'),
          'image',
          'pull',
          ...flags,
          source,
        ])
      },
      settle,
    },
    {
      name: 'skopeo copy + umoci unpack',
      note: 'to an OCI layout, then to one tree',
      run: async () => {
        const directory = await fresh()
        const layout = path.join(directory, 'oci')
        const quiet = ['--insecure-policy', 'copy', '--quiet', '--src-tls-verify=false']
        await run('skopeo', [...quiet, `docker://${source}`, `oci:${layout}:x`])
        await run('umoci', ['unpack', '--image', `${layout}:x`, path.join(directory, 'bundle')])
      },
      settle,
    },
    {
      name: 'podman pull',
      note: 'to its overlay storage',
      run: async () => {
        const directory = await fresh()
        await mkdir(path.join(directory, 'run'))
        const flags = [
          '--root',
          path.join(directory, 'root'),
          '--runroot',
          path.join(directory, 'run'),
        ]
        await run('podman', [...flags, 'pull', '--quiet', '--tls-verify=false', source])
      },
      settle,
    },
  ]
}

/** podman leaves its storage mounted on itself. */
async function remove(directory: string): Promise<void> {
  await run('umount', [path.join(directory, 'root', 'overlay')]).catch(() => undefined)
  await rm(directory, { recursive: true, force: true, maxRetries: 3 })
}
