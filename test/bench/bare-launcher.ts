import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import type {
  Launcher,
  OverlaySpec,
  Sandbox,
  SandboxExit,
  SandboxSpec,
  Stage,
} from '../../native/lib/types.js'

/**
 * A launcher without a sandbox: it spawns the step's script on the host, in the checkout. Only for
 * measuring what the sandbox adds; it isolates nothing.
 */
export function bareLauncher(): Launcher {
  let end: () => void = () => undefined
  const closed = new Promise<void>((resolve) => (end = resolve))
  return {
    pid: process.pid,
    closed,
    createStage: ({ workspace }) => Promise.resolve(bareStage(workspace)),
    keepLayers: () => Promise.resolve(),
    close: () => {
      end()
      return closed
    },
  }
}

function bareStage(workspace: OverlaySpec | undefined): Stage {
  let tree = workspace
  return {
    prepare: () => Promise.resolve(),
    start: (spec) => Promise.resolve(bareStep(spec, tree?.lowers[0]?.path ?? '/')),
    mountWorkspace: (overlay) => {
      tree = overlay
      return Promise.resolve()
    },
    addNetwork: () => Promise.resolve(),
    runTool: () => Promise.reject(new Error('a bare stage has no network of its own')),
    destroy: () => Promise.resolve(),
  }
}

function bareStep(spec: SandboxSpec, cwd: string): Sandbox {
  const [program = '/bin/sh', ...args] = spec.argv.map((argument) => onHost(spec, argument))
  const child = spawn(program, args, { cwd, env: spec.env, stdio: ['ignore', 'pipe', 'pipe'] })
  const output = new PassThrough()
  child.stdout.pipe(output, { end: false })
  child.stderr.pipe(output, { end: false })
  const exit = once(child, 'close').then(([code]) => {
    output.end()
    return exitOf(code as number | null)
  })
  return {
    name: spec.name,
    pid: child.pid ?? 0,
    output,
    errors: null,
    exit,
    terminate: () => void child.kill('SIGTERM'),
    kill: () => void child.kill('SIGKILL'),
    exec: () => Promise.reject(new Error('a bare process is no sandbox')),
  }
}

/** The step's script is a bind: on the host it is where it comes from. */
function onHost(spec: SandboxSpec, argument: string): string {
  return spec.binds.find(({ target }) => target === argument)?.source ?? argument
}

function exitOf(code: number | null): SandboxExit {
  const usage = {
    oomKills: 0,
    pidsRefused: 0,
    cpuMs: 0,
    memoryPeakBytes: 0,
    wallMs: 0,
    layer: null,
    workspaceLayer: null,
    outputFile: null,
  }
  return { code, signal: code === null ? 9 : null, ...usage }
}
