import type { CommandContext } from '../command.js'
import { networkOf } from '../config/network.js'
import { checkCgroups } from '../doctor/cgroups.js'
import type { CheckResult } from '../doctor/check.js'
import { dataDirOf } from '../data-dir.js'
import { checkDiskLimits } from '../doctor/disk-limits.js'
import { checkDiskSpace } from '../doctor/disk-space.js'
import { checkKernel } from '../doctor/kernel.js'
import { checkPrograms } from '../doctor/programs.js'
import { checkRights } from '../doctor/rights.js'
import { checkProbes } from '../doctor/probes.js'
import { checkSandbox } from '../doctor/sandbox.js'
import { ExitCode } from '../exit-code.js'
import { printJson, printLine } from '../io.js'
import { createStyle } from '../terminal/style.js'

/** `sandpiper doctor`: see the command's help. */
export async function runDoctor(context: CommandContext): Promise<ExitCode> {
  const { io } = context
  const lack = await io.becomeRoot()
  const checks = [
    ...(await checkRights({ user: { name: io.userName, uid: io.uid }, lack, env: io.env })),
    ...(await checkKernel()),
    ...(await checkCgroups()),
    ...(await checkPrograms(io.env, context.settings.network === 'isolated')),
    await checkDiskSpace(dataDirOf(io, context.settings), context.settings.diskReserve),
    // As who can't make them they would only tell so once more.
    ...(lack === null ? await checkProbes() : []),
  ]
  // Making a sandbox tells little where something it needs is known to be missing.
  if (checks.every(passes)) checks.push(await checkDiskLimits())
  if (checks.every(passes)) checks.push(await checkSandbox(networkOf(context.settings)))
  const ok = checks.every(passes)
  if (context.json) printJson(io, { ok, checks })
  else for (const line of describe(checks, io.colours)) printLine(io, line)
  return ok ? ExitCode.ok : ExitCode.host
}

function passes(check: CheckResult): boolean {
  return check.ok || !check.required
}

function describe(checks: readonly CheckResult[], colours: boolean): string[] {
  const style = createStyle(colours)
  const width = Math.max(...checks.map(({ name }) => name.length))
  return checks.map((check) => {
    const word = check.ok ? 'ok     ' : 'missing'
    const mark = style.status(check.ok ? 'success' : check.required ? 'failure' : 'skipped', word)
    const hint = check.hint === '' ? '' : `; to mend: ${check.hint}`
    return `${mark}  ${check.name.padEnd(width)}  ${check.detail}${hint}`
  })
}
