import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { BindMount, SandboxExit, Stage } from '../../../native/lib/types.js'
import { SandpiperError } from '../../../protocol/errors.js'
import {
  describeLayerProblem,
  layerProgram,
  parseLayerProblem,
} from '../../layers/layer-program.js'
import type { StoredLayer } from '../../layers/types.js'
import { ImageFiles } from '../../stage/image-files.js'
import { OUTPUT_PATH } from '../../stage/step-files.js'
import type { BuildGround } from './build-ground.js'
import { bounded, type LayerKeeper } from './layers.js'
import { makeStubs } from './stubs.js'

/** Where the program is in a sandbox that copies, and what it reads. */
const PROGRAM = '/run/sandpiper/layer'
const SOURCE = '/.sandpiper/source'

/** What is copied from. */
export type CopySource =
  /** The workspace of the stage. `directory`: the context, below the workspace. */
  | { readonly kind: 'workspace'; readonly directory: string; readonly ignore: string | null }
  /** Layers of another stage or image, bottom first. */
  | { readonly kind: 'layers'; readonly layers: readonly string[] }
  /** Files that the Dockerfile itself holds. */
  | {
      readonly kind: 'files'
      readonly files: readonly { readonly name: string; readonly content: string }[]
    }

export interface CopyRequest {
  readonly ground: BuildGround
  readonly source: CopySource
  readonly sources: readonly string[]
  /** Absolute; with a slash at its end where it has to be a directory. */
  readonly target: string
  /** Diff ids of the layers that it is copied onto, bottom first. */
  readonly below: readonly string[]
  /** `UID:GID`; null keeps the owners of the source. */
  readonly owner: string | null
  /** Octal; null keeps the modes of the source. */
  readonly mode: string | null
}

/**
 * Digest of what a COPY brings, whenever its files were changed.
 * @throws SandpiperError SP_BUILD_COPY; NativeError
 */
export async function copyDigest(request: CopyRequest, bytesMax: number): Promise<string> {
  const hash = createHash('sha256')
  await copyArchive(request, { noTimes: true }, async (archive) => {
    for await (const chunk of bounded(archive, bytesMax)) hash.update(chunk)
  })
  return `sha256:${hash.digest('hex')}`
}

/** Keeps what a COPY brings as a layer. @throws as `copyDigest`, and the errors of the layer store */
export async function copyLayer(request: CopyRequest, keeper: LayerKeeper): Promise<StoredLayer> {
  const { layers, lease, signal, bytesMax } = keeper
  return layers.addLayer(
    {
      diffId: null,
      read: (use) =>
        copyArchive(request, { noTimes: false }, (archive) => use(bounded(archive, bytesMax))),
    },
    lease,
    signal,
  )
}

/**
 * A small file of the workspace; null when there is none.
 * @param at path below the workspace
 * @throws SandpiperError SP_BUILD_COPY; NativeError
 */
export async function readWorkspaceFile(
  ground: BuildGround,
  at: string,
  bytesMax: number,
): Promise<Buffer | null> {
  const chunks: Buffer[] = []
  const args = ['cat', '--bytes-max', String(bytesMax), '--context', SOURCE, '--', at]
  const source = { kind: 'workspace', directory: '.', ignore: null } as const
  try {
    await withProgram({ ground, source, below: [] }, args, async (output) => {
      for await (const chunk of output) chunks.push(chunk)
    })
    return Buffer.concat(chunks)
  } catch (error) {
    if (error instanceof SandpiperError && error.message.includes('ENOENT')) return null
    throw error
  }
}

/** Hands what a COPY brings to `use` as a tar archive. @throws SandpiperError SP_BUILD_COPY; NativeError */
export async function copyArchive<T>(
  request: CopyRequest,
  { noTimes }: { readonly noTimes: boolean },
  use: (archive: AsyncIterable<Buffer>) => Promise<T>,
): Promise<T> {
  const { source, target, owner, mode } = request
  const isContext = source.kind === 'workspace'
  const context = isContext ? path.posix.join(SOURCE, source.directory) : SOURCE
  const args = [
    ...['copy', '--context', context, '--image', '/', '--to', target],
    ...['--chown', owner ?? 'keep'],
    ...(mode === null ? [] : ['--chmod', mode]),
    ...(isContext && source.ignore !== null ? ['--ignore', source.ignore] : []),
    ...(noTimes ? ['--no-times'] : []),
    ...['--', ...request.sources],
  ]
  return withProgram(request, args, use)
}

type ProgramRequest = Pick<CopyRequest, 'ground' | 'source' | 'below'>

/** Runs the program in a sandbox whose root are the layers below, with what it reads mounted in it. */
async function withProgram<T>(
  request: ProgramRequest,
  args: readonly string[],
  use: (output: AsyncIterable<Buffer>) => Promise<T>,
): Promise<T> {
  const { ground, below, source } = request
  const { deps } = ground.options
  const directory = ground.newDirectory()
  const lowers = deps.layers.layerPaths({ layers: below })
  const stubs = await makeStubs(path.join(directory, 'stubs'), {
    directories: [SOURCE],
    files: [],
    image: new ImageFiles(lowers),
    rootOnDisk: deps.ids.rootOnDisk,
  })
  const [command = '', ...rest] = args
  const isWorkspace = source.kind === 'workspace'
  try {
    return await withSource(request, directory, async (stage, binds) =>
      ground.read(
        {
          ...(stage === null ? {} : { stage }),
          root: {
            lowers: [...lowers, stubs].map((one) => ({ path: one })),
            writable: { kind: 'memory', sizeBytes: MEMORY_BYTES, mode: 0o755 },
          },
          binds: [{ source: layerProgram(), target: PROGRAM, readOnly: true }, ...binds],
          ...(isWorkspace || stage !== null ? { workspaceTarget: SOURCE } : {}),
          argv: [PROGRAM, command, '--inside', '--errors', OUTPUT_PATH, ...rest],
          ...{ env: {}, cwd: '/', network: 'none', outputFile: OUTPUT_PATH },
        },
        (output, exit) => use(checked(output, exit)),
      ),
    )
  } finally {
    await deps.trash.discard(directory)
  }
}

/** The sandbox writes nothing but what is mounted on. */
const MEMORY_BYTES = 1024 * 1024

/** Makes what is read from be there: another stage of the launcher's, or a directory. */
async function withSource<T>(
  { ground, source }: ProgramRequest,
  directory: string,
  use: (stage: Stage | null, binds: readonly BindMount[]) => Promise<T>,
): Promise<T> {
  if (source.kind === 'workspace') return use(null, [])
  if (source.kind === 'layers') return withLayers(ground, source.layers, (stage) => use(stage, []))
  const files = path.join(directory, 'files')
  await mkdir(files, { recursive: true, mode: 0o755 })
  for (const { name, content } of source.files) {
    await writeFile(path.join(files, path.basename(name)), content, { mode: 0o644 })
  }
  return use(null, [{ source: files, target: SOURCE, readOnly: true }])
}

/** A stage that has the merged layers where others have their workspace. */
async function withLayers<T>(
  { options: { deps } }: BuildGround,
  layers: readonly string[],
  use: (stage: Stage) => Promise<T>,
): Promise<T> {
  const range = await deps.ids.acquire()
  try {
    const { start, count } = range
    const lowers = deps.layers.layerPaths({ layers }).map((one) => ({ path: one }))
    const writable = { kind: 'memory', sizeBytes: MEMORY_BYTES } as const
    const stage = await deps.launcher.createStage({
      ids: { start, count },
      workspace: { lowers, writable },
    })
    try {
      return await use(stage)
    } finally {
      await stage.destroy()
    }
  } finally {
    await range.release()
  }
}

/** What the program wrote counts only when it ended well. */
async function* checked(
  output: AsyncIterable<Buffer>,
  exit: Promise<SandboxExit>,
): AsyncGenerator<Buffer> {
  yield* output
  const { code, signal, outputFile, oomKills } = await exit
  if (code === 0) return
  const said = Buffer.isBuffer(outputFile) ? outputFile.toString('latin1') : ''
  const problem = parseLayerProblem(said)
  const how = oomKills > 0 ? 'it met the memory limit' : `it ended with ${String(signal ?? code)}`
  const why = problem === null ? how : describeLayerProblem(problem)
  throw new SandpiperError('SP_BUILD_COPY', why)
}
