import { mkdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { NativeError, systemError } from '../../native/lib/error.js'
import { makeTestRoot, type TestRoot } from '../../native/lib/testing/busybox-root.js'
import type {
  Launcher,
  Sandbox,
  SandboxExit,
  SandboxSpec,
  Stage,
  WritableLayer,
} from '../../native/lib/types.js'
import { imagePattern } from '../../runner/writable/image-pattern.js'

/** What a launcher is asked for, in parts that faults are put into one by one. */
export const PARTS = [
  'stage',
  'sandbox',
  'prepared',
  'many layers',
  'image',
  'kept layer',
  'exec',
  'tool',
] as const
export type Part = (typeof PARTS)[number]

/** A launcher that is ready for every part: with a stage, and a sandbox that runs in it. */
export interface Ready {
  readonly launcher: Launcher
  /** Does a part from beginning to end, and ends what it has started also when that fails. */
  run(part: Part): Promise<void>
  /** Starts a sandbox and waits for its end: what must work whatever happened before. */
  runPlain(): Promise<void>
}

export interface LaunchSequence {
  /** Has all files of the sandboxes. */
  readonly directory: string
  makeReady(launcher: Launcher): Promise<Ready>
  remove(): Promise<void>
}

/** A sandbox ended otherwise than its program does. */
export class UnexpectedEnd extends Error {
  constructor(
    readonly code: number | null,
    readonly signal: number | null,
  ) {
    super(`the program ended with ${code} or signal ${signal}`)
  }
}

const IDS_START = 1_100_000_000
const IDS_COUNT = 65_536
const VOLUME_BYTES = 65_536
const LAYER_BYTES = 16 * 1024 * 1024
/** Names of layers then take more than fsconfig(2) has room for: they are mounted by mount(2). */
const MANY_LAYERS = 140
const OUTPUT_FILE = '/run/sandpiper/output'

/** Makes the files that the parts need. */
export async function makeLaunchSequence(): Promise<LaunchSequence> {
  const root = await makeTestRoot()
  const source = path.join(root.directory, 'source')
  await mkdir(source)
  await writeFile(path.join(source, 'file'), '')
  const layers = Array.from({ length: MANY_LAYERS }, (_, i) => path.join(root.directory, `l${i}`))
  for (const layer of layers) await mkdir(layer)
  const pattern = await imagePattern(root.directory, LAYER_BYTES)
  const place = { root, source, layers, pattern, next: 0 }
  return {
    directory: root.directory,
    makeReady: (launcher) => makeReady(place, launcher),
    remove: () => root.remove(),
  }
}

interface Place {
  readonly root: TestRoot
  readonly source: string
  readonly layers: readonly string[]
  /** File system that images are copies of. */
  readonly pattern: string
  /** Number of the next writable directory and of the sandbox that has it. */
  next: number
}

async function makeReady(place: Place, launcher: Launcher): Promise<Ready> {
  const ids = { start: IDS_START, count: IDS_COUNT }
  const stage = await launcher.createStage({
    ids,
    workspace: { lowers: [{ path: place.source }], writable: await writable(place) },
    volumes: [{ name: 'volume', sizeBytes: VOLUME_BYTES }],
  })
  const sleeper = await stage.start(await plainSpec(place, ['/bin/sleep', '10000']))
  sleeper.output.resume()
  sleeper.exit.catch(() => undefined)
  const parts: Readonly<Record<Part, () => Promise<void>>> = {
    stage: () => runStage(place, launcher),
    sandbox: async () => runToEnd(stage, fullSpec(place, await plainSpec(place))),
    prepared: async () => runPrepared(stage, fullSpec(place, await plainSpec(place))),
    'many layers': async () => runToEnd(stage, layeredSpec(place, await plainSpec(place))),
    image: async () => runToEnd(stage, imageSpec(place, await plainSpec(place))),
    'kept layer': async () => runKept(launcher, stage, imageSpec(place, await plainSpec(place))),
    exec: () => runExec(sleeper),
    tool: () => runTool(launcher),
  }
  return {
    launcher,
    run: (part) => parts[part](),
    runPlain: async () => runToEnd(stage, await plainSpec(place)),
  }
}

async function runStage(place: Place, launcher: Launcher): Promise<void> {
  const layer = await writable(place)
  const stage = await launcher.createStage({
    ids: { start: IDS_START + IDS_COUNT, count: IDS_COUNT },
    workspace: { lowers: [{ path: place.source, owner: 1000 }], writable: layer },
    volumes: [{ name: 'volume', sizeBytes: VOLUME_BYTES }],
  })
  await destroy(stage)
  await rm(layer.path, { recursive: true })
}

/** A stage that could not be destroyed can be tried again. */
async function destroy(stage: Stage): Promise<void> {
  try {
    await stage.destroy()
  } catch (error) {
    const isFinal = error instanceof NativeError && error.code.startsWith('SP_')
    if (!isFinal) await stage.destroy()
    throw error
  }
}

async function runToEnd(stage: Stage, spec: SandboxSpec): Promise<void> {
  const sandbox = await stage.start(spec)
  const output = readAll(sandbox)
  const { code, signal, outputFile } = await sandbox.exit
  if (code !== 0) throw new UnexpectedEnd(code, signal)
  if ((await output) !== 'hello\n') throw new Error(`the program wrote "${await output}"`)
  checkOutputFile(outputFile)
  const { writable: layer } = spec.root
  if (layer.kind === 'directory') await rm(layer.path, { recursive: true })
}

/** Only a program that was asked to has written to it. */
function checkOutputFile(outputFile: SandboxExit['outputFile']): void {
  if (outputFile instanceof NativeError) throw outputFile
  if (outputFile === null || outputFile.toString() === 'value') return
  throw new Error(`the output file has "${outputFile.toString()}"`)
}

/** One that is there before its program is. */
async function runPrepared(stage: Stage, spec: SandboxSpec): Promise<void> {
  await stage.prepare(spec)
  try {
    await runToEnd(stage, spec)
  } finally {
    await stage.prepare(spec, 0)
  }
}

/** One whose layer's file system is there before it is. */
async function runKept(launcher: Launcher, stage: Stage, spec: SandboxSpec): Promise<void> {
  const { writable: layer } = spec.root
  if (layer.kind !== 'image') throw new Error('the layer is no image')
  await launcher.keepLayers(layer, 1)
  try {
    await runToEnd(stage, spec)
  } finally {
    await launcher.keepLayers(layer, 0)
  }
}

async function runExec(sandbox: Sandbox): Promise<void> {
  const argv = ['/bin/echo', 'hello']
  const program = await sandbox.exec({ argv, env: {}, cwd: '/', user: { uid: 1, gid: 1 } })
  program.output.resume()
  const { code, signal } = await program.exit
  if (code !== 0) throw new UnexpectedEnd(code, signal)
}

/** A program of the host's in a further network of a stage. Its failure is told by its output. */
async function runTool(launcher: Launcher): Promise<void> {
  const ids = { start: IDS_START + 2 * IDS_COUNT, count: IDS_COUNT }
  const stage = await launcher.createStage({ ids })
  try {
    await stage.addNetwork('network')
    const networks = ['network', '']
    const argv = ['true']
    const limits = { memoryBytes: 2 ** 27, pids: 32 }
    const how = { networks, runsIn: 'network', limits } as const
    const tool = await stage.runTool({ argv, input: 'text', ...how })
    const output = await readAll(tool)
    const { code, signal } = await tool.exit
    const [, syscall, object, errno] = /^(.+) on (.+): errno (\d+)$/m.exec(output) ?? []
    if (syscall !== undefined && object !== undefined) {
      throw systemError({ syscall, path: object, errno: Number(errno) })
    }
    if (code !== 0) throw new UnexpectedEnd(code, signal)
  } finally {
    await destroy(stage)
  }
}

async function plainSpec(place: Place, argv = ['/bin/echo', 'hello']): Promise<SandboxSpec> {
  const layer = await writable(place)
  return {
    name: `s-${place.next}`,
    root: { lowers: [{ path: place.root.lower }], writable: layer },
    binds: [],
    argv,
    env: {},
    cwd: '/',
    hostname: 'test',
    limits: { memoryBytes: 2 ** 27, cpus: 1, pids: 32 },
    rlimits: [{ name: 'NOFILE', soft: 1024, hard: 1024 }],
  }
}

/** One with everything that a specification can ask for. */
function fullSpec({ source }: Place, plain: SandboxSpec): SandboxSpec {
  return {
    ...plain,
    argv: ['/bin/sh', '-c', `echo hello; printf value >${OUTPUT_FILE}`],
    root: { ...plain.root, writable: { kind: 'memory', sizeBytes: LAYER_BYTES } },
    workspaceTarget: '/made/workspace',
    binds: [
      { source, target: '/made/bind', readOnly: true, idMapped: true },
      { source: path.join(source, 'file'), target: '/run/sandpiper/file', readOnly: true },
    ],
    volumes: [{ name: 'volume', target: '/made/volume', readOnly: false }],
    tmpfs: [{ target: '/made/tmpfs', sizeBytes: VOLUME_BYTES }],
    outputFile: OUTPUT_FILE,
    network: 'none',
    user: { uid: 1000, gid: 1000, groups: [100] },
    cwd: '/made/directory',
  }
}

function layeredSpec({ layers }: Place, plain: SandboxSpec): SandboxSpec {
  const lowers = [...layers.map((layer) => ({ path: layer })), ...plain.root.lowers]
  return { ...plain, root: { ...plain.root, lowers } }
}

/** Its files are in an ext4 file system of its own, on a loop device. */
function imageSpec({ root, pattern }: Place, plain: SandboxSpec): SandboxSpec {
  const layer: WritableLayer = { kind: 'image', pattern, directory: root.directory }
  return { ...plain, root: { ...plain.root, writable: layer } }
}

async function writable(place: Place): Promise<WritableLayer & { readonly kind: 'directory' }> {
  place.next += 1
  const directory = path.join(place.root.directory, `writable-${place.next}`)
  await mkdir(directory)
  return { kind: 'directory', path: directory }
}

async function readAll(program: Pick<Sandbox, 'output'>): Promise<string> {
  let text = ''
  for await (const chunk of program.output) text += String(chunk)
  return text
}
