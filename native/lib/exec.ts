import { checkProgram } from './check-program.js'
import type { Connection } from './connection.js'
import { Deferred } from './deferred.js'
import { goneError, NativeError } from './error.js'
import { openOutput } from './output.js'
import type { ExecSpec, SandboxProcess } from './types.js'
import { REQUEST } from './wire/frame.js'
import { encodeExec, encodeNumber } from './wire/request.js'
import { type ProcessEnd, unpackStatus } from './wire/status.js'

const SIGKILL = 9

/**
 * Runs a further program in a sandbox. Resolves when it runs.
 * @throws NativeError SP_NATIVE_ENDED when the sandbox has ended, else naming the call that failed.
 */
export async function startExec(
  connection: Connection,
  sandboxId: number,
  spec: ExecSpec,
): Promise<SandboxProcess> {
  checkProgram(spec)
  const exit = new Deferred<ProcessEnd>()
  const request = connection.exec(encodeExec(sandboxId, spec), {
    ended: (waitStatus) => exit.resolve(unpackStatus(waitStatus)),
    gone: () => exit.reject(goneError('a program in a sandbox was killed with it')),
  })
  const output = openOutput(request.output)
  try {
    await request.started
  } catch (error) {
    output.destroy()
    throw isEnd(error) ? endedError() : error
  }
  const kill = (): void => connection.tell(REQUEST.signal, request.id, encodeNumber(SIGKILL))
  return { output, exit: exit.promise, kill }
}

/** The launcher's answer when it knows no such sandbox any more, or its init is on the way out. */
function isEnd(error: unknown): boolean {
  return error instanceof NativeError && error.code === 'ESRCH' && error.syscall === 'exec'
}

function endedError(): NativeError {
  return new NativeError('SP_NATIVE_ENDED', 'the sandbox has ended: no program can run in it')
}
