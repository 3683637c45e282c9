import type { CgroupDirectory } from './cgroup/plan.js'
import type { Connection } from './connection.js'
import { Deferred } from './deferred.js'
import { goneError } from './error.js'
import type { SandboxProcess, ToolSpec } from './types.js'
import { checkTool } from './validate.js'
import { REQUEST } from './wire/frame.js'
import { encodeNumber, encodeTool } from './wire/request.js'
import { type ProcessEnd, unpackStatus } from './wire/status.js'

const SIGKILL = 9

/**
 * Runs a program of the host's for a stage. Resolves when its process was made.
 * @throws NativeError naming the call that failed.
 */
export async function startTool(
  connection: Connection,
  stageId: number,
  spec: ToolSpec,
  cgroups: readonly CgroupDirectory[],
): Promise<SandboxProcess> {
  checkTool(spec)
  const exit = new Deferred<ProcessEnd>()
  const observer = {
    ended: (waitStatus: number) => exit.resolve(unpackStatus(waitStatus)),
    gone: () => exit.reject(goneError(`${spec.argv[0] ?? ''} was killed with it`)),
  }
  const request = connection.exec(encodeTool(stageId, spec, cgroups), observer, REQUEST.runTool)
  const { output } = request.outputs
  try {
    await request.started
  } catch (error) {
    output.destroy()
    throw error
  }
  const kill = (): void => connection.tell(REQUEST.signal, request.id, encodeNumber(SIGKILL))
  return { output, exit: exit.promise, kill }
}
