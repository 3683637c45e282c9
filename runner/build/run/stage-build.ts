import path from 'node:path'
import { SandpiperError } from '../../../protocol/errors.js'
import { IDS_PER_STAGE } from '../../ids.js'
import { ImageFiles } from '../../stage/image-files.js'
import { resolveUser } from '../../stage/step-user.js'
import { verdictOf, type Verdict } from '../../stage/verdict.js'
import type { Action, CopyAction, DirectoryAction, RunAction } from '../dockerfile/actions.js'
import { evaluate, initialState } from '../dockerfile/evaluate.js'
import type { Instruction, StageSource } from '../dockerfile/instruction.js'
import { parseTrigger } from '../dockerfile/parse-dockerfile.js'
import type { StageState } from '../dockerfile/situation.js'
import { dockerfileError, tooLarge, unsupported, where, type Place } from '../errors.js'
import { baseImage, emptyImage } from '../image/base-image.js'
import { ImageDraft } from '../image/draft.js'
import type { OciImage } from '../image/oci-image.js'
import { INSTRUCTIONS_MAX } from '../limits.js'
import type { Compression } from '../../layers/compression.js'
import { archiveOf, unpackedLayer } from './add-archive.js'
import type { Build } from './build.js'
import { copyDigest, copyLayer, type CopyRequest, type CopySource } from './copy-layer.js'
import { isEmpty } from './layers.js'
import { runLayer } from './run-layer.js'
import { prepareMounts } from './run-mounts.js'

/** A RUN that did not end well. */
export class RunFailed extends Error {
  constructor(
    message: string,
    readonly verdict: Verdict,
  ) {
    super(message)
  }
}

/** Carries out the instructions of one stage. */
export class StageBuild {
  readonly #build: Build
  readonly #index: number
  readonly #source: StageSource
  #draft = new ImageDraft(emptyImage(), '')
  #state: StageState = initialState({})
  #step = 0
  #steps = 0

  constructor(build: Build, index: number) {
    const source = build.dockerfile.stages[index]
    if (source === undefined) throw new TypeError(`there is no stage ${String(index)}`)
    this.#build = build
    this.#index = index
    this.#source = source
  }

  /** @throws SandpiperError; RunFailed; NativeError */
  async run(): Promise<OciImage> {
    const base = await this.#base()
    const { OnBuild = [], ...config } = base.config
    this.#state = initialState(config, base.author ?? null)
    this.#draft = new ImageDraft(base, this.#build.options.created)
    const triggers = OnBuild.map((text) => this.#trigger(text))
    const instructions = [...triggers, ...this.#source.instructions]
    if (instructions.length > INSTRUCTIONS_MAX) {
      throw tooLarge(this.#place(this.#source), 'the bases of this stage trigger too much')
    }
    this.#steps = instructions.length + 1
    await this.#tell(this.#source.text)
    for (const instruction of instructions) await this.#apply(instruction)
    return this.#draft.finish(this.#state.config, this.#state.author)
  }

  async #base(): Promise<OciImage> {
    const { options } = this.#build
    const origin = this.#build.baseOf(this.#index)
    if (origin.kind === 'scratch') return emptyImage()
    if (origin.kind === 'stage') return this.#build.stage(origin.index)
    return baseImage(await options.image(origin.name, this.#place(this.#source)))
  }

  #trigger(text: string): Instruction {
    const { file, escape } = this.#build.dockerfile
    return parseTrigger(text, { file, line: this.#source.line, escape })
  }

  #place({ line }: { readonly line: number }): Place {
    return { file: this.#build.dockerfile.file, line }
  }

  async #tell(text: string): Promise<void> {
    const { name } = this.#source
    const label = name === null ? '' : `${name} `
    const [first = ''] = text.split('\n')
    const line = first.length > 200 ? `${first.slice(0, 200)}...` : first
    await this.#build.options.say(
      `[${label}${String(++this.#step)}/${String(this.#steps)}] ${line}`,
    )
  }

  async #apply(instruction: Instruction): Promise<void> {
    this.#build.options.keeper.signal.throwIfAborted()
    await this.#tell(instruction.text)
    const evaluated = evaluate(instruction, this.#state, this.#build.scope)
    this.#state = evaluated.state
    if (evaluated.action === null) {
      this.#draft.add(evaluated.createdBy, null)
      return
    }
    const place = this.#place(instruction)
    this.#build.checkLayerCount(this.#draft.layers, place)
    const { layer, createdBy } = await this.#act(evaluated.action, place, evaluated.createdBy)
    this.#draft.add(createdBy, layer)
  }

  async #act(action: Action, place: Place, createdBy: string): Promise<Made> {
    switch (action.kind) {
      case 'run':
        return { layer: await this.#run(action, place, createdBy), createdBy }
      case 'copy':
        return this.#copy(action, place, createdBy)
      case 'directory':
        return { layer: await this.#makeDirectory(action, place, createdBy), createdBy }
    }
  }

  async #run(action: RunAction, place: Place, createdBy: string): Promise<string | null> {
    const { keeper, ground, request, place: stepPlace } = this.#build.options
    const prepared = await prepareMounts(action.mounts, {
      ...{ ground, keeper, place, stepPlace, secrets: request.secrets },
      sourceOf: (from) => this.#build.source(from, this.#index, place),
    })
    if (prepared.hasCaches) await this.#build.tellCaches()
    const { mounts: _, ...what } = action
    const hasSecrets = action.mounts.some(({ type }) => type === 'secret')
    const key = { below: this.#draft.layers, what: { ...what, mounts: prepared.key }, hasSecrets }
    const cached = await this.#cached(key, createdBy)
    if (cached !== undefined) return cached
    const { exit, layer } = await runLayer({
      ...{ ground, keeper, action, below: this.#draft.layers },
      ...{ mounts: prepared.mounts, secrets: prepared.secrets },
    })
    const reason = ground.options.stop.reason
    const verdict = verdictOf(exit, reason, ground.options.limits)
    if (exit.code !== 0 || verdict.status !== 'success') throw failedRun(verdict, place)
    for (const warning of verdict.warnings ?? [])
      await this.#build.options.say(`warning: ${warning}`)
    await this.#build.cache.keep(key, layer)
    return layer?.diffId ?? null
  }

  async #copy(action: CopyAction, place: Place, text: string): Promise<Made> {
    const { keeper } = this.#build.options
    const request = await this.#copyRequest(action, place)
    const digest = await atCopy(place, () => copyDigest(request, keeper.bytesMax))
    const archive = await atCopy(place, () => this.#archiveOf(action, request, place))
    const { source: _, ground: __, ...what } = request
    const key = { below: this.#draft.layers, what: { ...what, digest, archive } }
    const createdBy = `${text} # ${digest}`
    const cached = await this.#cached(key, createdBy)
    if (cached !== undefined) return { layer: cached, createdBy }
    const layer = await atCopy(place, () =>
      archive === null ? copyLayer(request, keeper) : unpackedLayer(request, archive, keeper),
    )
    const made = isEmpty(layer) ? null : layer
    await this.#build.cache.keep(key, made)
    return { layer: made?.diffId ?? null, createdBy }
  }

  /** ADD unpacks an archive of the context that it names. */
  async #archiveOf(
    { isAdd, sources }: CopyAction,
    request: CopyRequest,
    place: Place,
  ): Promise<Compression | null> {
    if (!isAdd || request.source.kind !== 'workspace') return null
    const named = sources.filter((source) => !/[*?[\\]/.test(source))
    if (named.length < sources.length) {
      await this.#build.options.say('archives that ADD finds by a pattern are not unpacked')
    }
    for (const source of named) {
      const archive = await archiveOf({ ...request, sources: [source] })
      if (archive === null) continue
      if (sources.length > 1) {
        throw unsupported(
          place,
          'an archive beside other sources is not unpacked',
          'Use an ADD for each.',
        )
      }
      if (archive === 'xz' || archive === 'bzip2') {
        throw unsupported(
          place,
          `ADD does not unpack ${archive}`,
          'COPY it, and unpack it in a RUN.',
        )
      }
      return archive
    }
    return null
  }

  async #copyRequest(action: CopyAction, place: Place): Promise<CopyRequest> {
    const { ground } = this.#build.options
    if (action.files.length > 0 && action.sources.length > 0) {
      throw unsupported(place, 'heredocs and files in one COPY are not supported', 'Use two.')
    }
    if (action.exclude.length > 0) {
      throw unsupported(place, '--exclude is not supported', 'Leave files out by a .dockerignore.')
    }
    for (const { name } of action.files) {
      if (name !== path.basename(name)) throw dockerfileError(place, `${name} is no name of a file`)
    }
    const source: CopySource =
      action.files.length > 0
        ? { kind: 'files', files: action.files }
        : await this.#build.source(action.from, this.#index, place)
    const names = action.files.map(({ name }) => name)
    const owner = action.chown === null ? null : await this.#ownerOf(action.chown)
    return {
      ...{ ground, source, below: this.#draft.layers, target: action.target, mode: action.chmod },
      sources: action.files.length > 0 ? names : action.sources,
      owner: owner ?? (action.from === null ? '0:0' : null),
    }
  }

  /** `USER[:GROUP]` by the image's own lists; a number alone is the group's, too. */
  async #ownerOf(text: string): Promise<string> {
    const lowers = this.#build.options.ground.options.deps.layers.layerPaths({
      layers: this.#draft.layers,
    })
    const wanted = /^\d+$/.test(text) ? `${text}:${text}` : text
    const { user } = await resolveUser(wanted, new ImageFiles(lowers))
    const { uid, gid } = user ?? { uid: 0, gid: 0 }
    if (uid >= IDS_PER_STAGE || gid >= IDS_PER_STAGE) throw new RangeError(text)
    return `${String(uid)}:${String(gid)}`
  }

  /** A directory that is there already makes no layer. */
  async #makeDirectory(
    { path: target, user }: DirectoryAction,
    place: Place,
    createdBy: string,
  ): Promise<string | null> {
    const { keeper, ground } = this.#build.options
    const lowers = keeper.layers.layerPaths({ layers: this.#draft.layers })
    const found = await new ImageFiles(lowers).find(target)
    if (found?.kind === 'directory') return null
    if (found !== null) throw dockerfileError(place, `${target} is no directory`)
    const owner = user === '' ? '0:0' : await this.#ownerOf(user)
    const key = { below: this.#draft.layers, what: { directory: target, owner } }
    const cached = await this.#cached(key, createdBy)
    if (cached !== undefined) return cached
    const request: CopyRequest = {
      ...{ ground, below: this.#draft.layers, target: `${target}/`, sources: ['.'] },
      ...{ source: { kind: 'files', files: [] }, owner, mode: null },
    }
    const layer = await atCopy(place, () => copyLayer(request, keeper))
    const made = isEmpty(layer) ? null : layer
    await this.#build.cache.keep(key, made)
    return made?.diffId ?? null
  }

  async #cached(
    key: Parameters<Build['cache']['find']>[0],
    createdBy: string,
  ): Promise<string | null | undefined> {
    const { cache, cacheImages, options } = this.#build
    const own = await cache.find(key)
    const found = own === undefined ? await cacheImages.find(this.#draft, createdBy) : own
    if (found !== undefined) await options.say('cached')
    return found
  }
}

/** What an instruction came to. */
interface Made {
  /** Diff id; null: there was nothing to keep. */
  readonly layer: string | null
  /** What it did, for history: equal words on equal layers make equal layers. */
  readonly createdBy: string
}

function failedRun(verdict: Verdict, place: Place): RunFailed {
  const { exitCode, error, status } = verdict
  const text = error === '' ? `failed: exit code ${String(exitCode)}` : error
  const isSuccess = status === 'success'
  return new RunFailed(`${where(place)}: RUN ${text}`, {
    ...verdict,
    status: isSuccess ? 'failure' : status,
    exitCode: exitCode === 0 ? 1 : exitCode,
    error: `${where(place)}: RUN ${text}`,
  })
}

/** Says where in the Dockerfile something could not be copied. */
async function atCopy<T>(place: Place, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof SandpiperError) || error.message.startsWith(where(place))) throw error
    throw new SandpiperError(error.code, `${where(place)}: ${error.message}`, {
      hint: error.hint,
      cause: error,
    })
  }
}
