import { chmod, mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { createLauncher } from '../../native/lib/index.js'
import type { Launcher, SandboxSpec, Stage } from '../../native/lib/types.js'
import { openLayerStore } from '../../runner/layers/store.js'
import { bwrapContender, runcContender } from './peers.js'
import { medianFigure, printTable, type Figure } from './report.js'
import { interleave, type Contender } from './stats.js'

const IDS = { start: 1_999_500_000, count: 65_536 }
let serial = 0

/** Start-to-exit of `true`, torn down, next to bwrap and runc, on the same busybox root. */
export async function benchSandbox(scratch: string, rounds: number): Promise<Figure[]> {
  const store = await openLayerStore(path.join(scratch, 'layers'))
  const [layer] = store.layerPaths(await store.importBusybox('busybox'))
  if (layer === undefined) throw new Error('the busybox image has no layer')
  // The peers' mapped root has to reach the directory by its own rights.
  for (let dir = layer; dir.startsWith(scratch); dir = path.dirname(dir)) await chmod(dir, 0o755)

  const memory = await mkdtemp('/dev/shm/sp-bench-')
  for (const directory of [scratch, memory]) await mkdir(path.join(directory, 'trash'))
  const launcher = await createLauncher({ cgroupParent: `sandpiper/bench-${String(process.pid)}` })
  try {
    const stage = await launcher.createStage({ ids: { start: IDS.start + 65_536, count: 65_536 } })
    const contenders: Contender[] = [
      {
        name: 'sandpiper',
        note: 'everything fresh: 7 namespaces, id range, overlay, cgroup limits, seccomp, capabilities',
        run: () => freshStage(launcher, layer, scratch),
        settle: () => emptyTrash(scratch),
      },
      {
        name: 'sandpiper in a stage',
        note: 'the same, with the network and user namespace of its stage',
        run: () => oneStep(stage, layer, scratch),
        settle: () => emptyTrash(scratch),
      },
      {
        name: 'sandpiper in a stage, on tmpfs',
        note: 'the same, with the writable layer in memory: ext4 is slow to hand out inodes after others were deleted',
        run: () => oneStep(stage, layer, memory),
        settle: () => emptyTrash(memory),
      },
      bwrapContender(layer),
      await runcContender(layer, scratch),
    ]
    const samples = await interleave(contenders, rounds)
    await stage.destroy()
    printTable(
      `Start to exit of \`true\`, torn down (our writable directory moved to the trash, as the runner does); ${rounds} runs each, taking turns`,
      contenders,
      samples,
    )
    return [medianFigure('sandbox.true', contenders, samples)]
  } finally {
    await launcher.close()
    await rm(memory, { recursive: true })
  }
}

async function freshStage(launcher: Launcher, layer: string, scratch: string): Promise<void> {
  const stage = await launcher.createStage({ ids: IDS })
  await oneStep(stage, layer, scratch)
  await stage.destroy()
}

async function oneStep(stage: Stage, layer: string, scratch: string): Promise<void> {
  const directory = path.join(scratch, `step-${serial++}`)
  await mkdir(directory)
  const sandbox = await stage.start(trueSpec(layer, directory))
  sandbox.output.resume()
  const { code } = await sandbox.exit
  await rename(directory, path.join(scratch, 'trash', path.basename(directory)))
  if (code !== 0) throw new Error(`true ended with ${String(code)}`)
}

/** As the runner does it: the writable directory is moved away at once and removed in the background. */
async function emptyTrash(scratch: string): Promise<void> {
  await rm(path.join(scratch, 'trash'), { recursive: true })
  await mkdir(path.join(scratch, 'trash'))
}

function trueSpec(layer: string, directory: string): SandboxSpec {
  return {
    name: `true-${serial}`,
    root: { lowers: [{ path: layer }], writable: { kind: 'directory', path: directory } },
    binds: [],
    argv: ['/bin/true'],
    env: { PATH: '/bin' },
    cwd: '/',
    hostname: 'bench',
    limits: { memoryBytes: 256 * 1024 * 1024, cpus: 1, pids: 256 },
  }
}
