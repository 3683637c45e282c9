import type { StoreReport } from '../../runner/layers/types.js'
import type { CommandContext } from '../command.js'
import { ExitCode } from '../exit-code.js'
import { printJson, printLine } from '../io.js'
import { count } from '../plan/words.js'
import { openIfThere } from './store.js'

const EMPTY: StoreReport = { images: 0, layers: 0, faults: [] }

/** `sandpiper image verify`: see the command's help. */
export async function runImageVerify(context: CommandContext): Promise<ExitCode> {
  const { io } = context
  const store = await openIfThere(context)
  const report = (await store?.verify({ repair: context.has('repair') })) ?? EMPTY
  if (context.json) printJson(io, report)
  else {
    for (const { what, problem } of report.faults) printLine(io, `${what}: ${problem}`)
    const { images, layers, faults } = report
    const parts = [count(images, 'image'), count(layers, 'layer'), count(faults.length, 'fault')]
    printLine(io, parts.join(', '))
  }
  return report.faults.length === 0 ? ExitCode.ok : ExitCode.failed
}
