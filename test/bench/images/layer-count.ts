import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { createLauncher } from '../../../native/lib/index.js'
import type { Launcher, SandboxSpec, Stage } from '../../../native/lib/types.js'
import { openLayerStore } from '../../../runner/layers/store.js'
import { medianFigure, printTable, type Figure } from '../report.js'
import { interleave, type Contender } from '../stats.js'

const LAYERS = 20
const ROUNDS = 300
const IDS = { start: 1_998_100_000, count: 65_536 }

/** What the layers of an image cost at the start of a step: the same program on one layer and on many. */
export async function benchLayerCount(scratch: string): Promise<Figure> {
  const lowers = await makeLowers(scratch)
  const launcher = await createLauncher({ cgroupParent: `sandpiper/layers-${process.pid}` })
  try {
    const stage = await launcher.createStage({ ids: IDS })
    const contenders = [
      contender(`step on ${LAYERS} layers`, stage, lowers),
      contender('step on one layer', stage, lowers.slice(-1)),
      await readyContender(`step on ${LAYERS} layers, made ahead`, launcher, lowers, 1),
      await readyContender('step on one layer, made ahead', launcher, lowers.slice(-1), 2),
    ]
    const samples = await interleave(contenders, ROUNDS, 20)
    printTable('layers of an image: start to exit of true, in a stage', contenders, samples)
    await stage.destroy()
    return medianFigure('image.layer_count', contenders, samples)
  } finally {
    await launcher.close()
  }
}

/** Topmost first: small layers over a busybox. */
async function makeLowers(scratch: string): Promise<{ readonly path: string }[]> {
  const store = await openLayerStore(path.join(scratch, 'layers'))
  const lowers = store
    .layerPaths(await store.importBusybox('busybox'))
    .map((one) => ({ path: one }))
  for (let index = 1; index < LAYERS; index++) {
    const layer = path.join(scratch, 'more-layers', String(index))
    await mkdir(path.join(layer, 'opt'), { recursive: true })
    await writeFile(path.join(layer, 'opt', `layer-${index}`), `${index}\n`)
    lowers.unshift({ path: layer })
  }
  return lowers
}

function contender(name: string, stage: Stage, lowers: SandboxSpec['root']['lowers']): Contender {
  return {
    ...{ name, note: '' },
    run: async () => {
      const sandbox = await stage.start(specOf(lowers))
      sandbox.output.resume()
      await sandbox.exit
    },
  }
}

/** With a stage of its own: what is kept ready is for one kind of step. */
async function readyContender(
  name: string,
  launcher: Launcher,
  lowers: SandboxSpec['root']['lowers'],
  number: number,
): Promise<Contender> {
  const ids = { ...IDS, start: IDS.start + number * IDS.count }
  const stage = await launcher.createStage({ ids })
  const settle = (): Promise<void> => stage.prepare(specOf(lowers))
  await settle()
  return { ...contender(name, stage, lowers), settle }
}

function specOf(lowers: SandboxSpec['root']['lowers']): SandboxSpec {
  return {
    name: 'true',
    root: { lowers, writable: { kind: 'memory', sizeBytes: 64 * 1024 ** 2 } },
    ...{ binds: [], argv: ['/bin/true'], env: {}, cwd: '/', hostname: 'bench', limits: {} },
  }
}
