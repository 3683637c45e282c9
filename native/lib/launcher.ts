import { join } from 'node:path'
import { buildDirectory } from './addon.js'
import { type CgroupLayout, readCgroupLayout } from './cgroup/layout.js'
import { claimCgroupParent, type ClaimedParent } from './cgroup/claim.js'
import { removeCgroupParent } from './cgroup/parent.js'
import { type CgroupDirectory, keepableLimits, planCgroups } from './cgroup/plan.js'
import { Connection } from './connection.js'
import { specError } from './error.js'
import { startSandbox, type StartedSandbox } from './sandbox.js'
import { defaultSeccompFilter } from './seccomp/compile.js'
import type {
  ImageLayer,
  Launcher,
  LauncherOptions,
  Sandbox,
  SandboxSpec,
  Stage,
  StageSpec,
  ToolSpec,
} from './types.js'
import { startTool } from './tool.js'
import { checkNetworkName, checkOverlay, checkSandbox, checkStage } from './validate.js'
import { REQUEST } from './wire/frame.js'
import {
  encodeLayers,
  encodeNetwork,
  encodeNumber,
  encodePrepare,
  encodeStage,
  encodeWorkspace,
} from './wire/request.js'

/** Names of directories, none of them dots. */
const CGROUP_PARENT = /^[\w-][\w.-]*(\/[\w-][\w.-]*)*$/

/**
 * Starts a launcher process. It lives until `close()`, or until this process ends, however it does;
 * its sandboxes end with it.
 * @throws NativeError when the process can't start, make its mount namespace or its cgroups.
 */
export async function createLauncher(options: LauncherOptions): Promise<Launcher> {
  if (!CGROUP_PARENT.test(options.cgroupParent)) {
    throw specError(`cgroupParent "${options.cgroupParent}" is not a relative path of plain names`)
  }
  const [filter, layout] = await Promise.all([defaultSeccompFilter(), readCgroupLayout()])
  const claim = await claimCgroupParent(layout, options.cgroupParent)
  const path = options.launcherPath ?? join(buildDirectory(), 'sandpiper-launcher')
  const connection = openConnection(path, claim)
  try {
    await connection.request(REQUEST.configure, filter)
  } catch (error) {
    connection.end()
    await connection.closed
    await removeCgroupParent(layout, options.cgroupParent)
    throw error
  }
  return new LauncherProcess(connection, layout, options.cgroupParent)
}

/** What the launcher left is anybody's to sweep when it has ended. */
function openConnection(path: string, claim: ClaimedParent): Connection {
  try {
    const connection = new Connection(path)
    void connection.closed.then(() => claim.release())
    return connection
  } catch (error) {
    void claim.release()
    throw error
  }
}

class LauncherProcess implements Launcher {
  readonly #connection: Connection
  readonly #layout: CgroupLayout
  readonly #cgroupParent: string
  /** Sandboxes that are not cleaned up yet, each with the promise of that. */
  readonly #sandboxes = new Map<Sandbox, Promise<void>>()

  constructor(connection: Connection, layout: CgroupLayout, cgroupParent: string) {
    this.#connection = connection
    this.#layout = layout
    this.#cgroupParent = cgroupParent
  }

  get closed(): Promise<void> {
    return this.#connection.closed
  }

  get pid(): number {
    return this.#connection.pid
  }

  async createStage(spec: StageSpec): Promise<Stage> {
    checkStage(spec)
    const id = await this.#connection.request(REQUEST.createStage, encodeStage(spec))
    const cleanups = new Set<Promise<void>>()
    return {
      start: async (sandboxSpec) => {
        const { sandbox, cleaned } = await this.#start(id, sandboxSpec)
        track(cleanups, cleaned)
        return sandbox
      },
      prepare: async (sandboxSpec, count = 1) => {
        checkSandbox(sandboxSpec)
        const cgroups = planCgroups(this.#layout, this.#cgroupParent, sandboxSpec.limits)
        const payload = encodePrepare(count, id, sandboxSpec, cgroups)
        await this.#connection.request(REQUEST.prepare, payload)
      },
      mountWorkspace: async (overlay) => {
        checkOverlay('workspace', overlay)
        await this.#connection.request(REQUEST.mountWorkspace, encodeWorkspace(id, overlay))
      },
      addNetwork: async (name) => {
        checkNetworkName(name)
        await this.#connection.request(REQUEST.addNetwork, encodeNetwork(id, name))
      },
      runTool: (tool) => startTool(this.#connection, id, tool, this.#cgroupsOf(tool)),
      destroy: async () => {
        await this.#connection.request(REQUEST.destroyStage, encodeNumber(id))
        await Promise.all(cleanups)
      },
    }
  }

  async keepLayers(layer: ImageLayer, count: number): Promise<void> {
    checkOverlay('layers that are kept', { lowers: [{ path: '/' }], writable: layer })
    await this.#connection.request(REQUEST.keepLayers, encodeLayers(layer, count))
  }

  async close(): Promise<void> {
    for (const sandbox of this.#sandboxes.keys()) sandbox.kill()
    await Promise.allSettled(this.#sandboxes.values())
    this.#connection.end()
    await this.#connection.closed
    await removeCgroupParent(this.#layout, this.#cgroupParent)
  }

  #cgroupsOf({ limits }: ToolSpec): readonly CgroupDirectory[] {
    if (limits === undefined) return []
    const kept = keepableLimits(this.#layout, limits)
    return planCgroups(this.#layout, this.#cgroupParent, kept)
  }

  async #start(stageId: number, spec: SandboxSpec): Promise<StartedSandbox> {
    checkSandbox(spec)
    const cgroups = planCgroups(this.#layout, this.#cgroupParent, spec.limits)
    const started = await startSandbox(this.#connection, stageId, spec, cgroups)
    const forget = (): boolean => this.#sandboxes.delete(started.sandbox)
    this.#sandboxes.set(started.sandbox, started.cleaned)
    started.cleaned.then(forget, forget)
    return started
  }
}

/** Keeps a promise in the set until it resolves; one that rejects stays. */
function track(promises: Set<Promise<void>>, promise: Promise<void>): void {
  promises.add(promise)
  promise.then(
    () => promises.delete(promise),
    () => undefined,
  )
}
