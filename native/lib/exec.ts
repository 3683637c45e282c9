import { checkProgram } from './check-program.js'
import type { Connection } from './connection.js'
import { Deferred } from './deferred.js'
import { goneError, NativeError } from './error.js'
import type { ExecSpec, SandboxProcess } from './types.js'
import { REQUEST } from './wire/frame.js'
import { encodeExec, encodeNumber } from './wire/request.js'
import { type ProcessEnd, unpackStatus } from './wire/status.js'

const SIGKILL = 9

/**
 * Runs a further program in a sandbox. Resolves when it runs.
 * @throws NativeError SP_NATIVE_ENDED when the sandbox has ended, SP_NATIVE_ABORTED when the signal
 * aborted first, else naming the call that failed.
 */
export async function startExec(
  connection: Connection,
  sandboxId: number,
  spec: ExecSpec,
): Promise<SandboxProcess> {
  checkProgram(spec)
  if (spec.signal?.aborted === true) throw abortedError()
  const exit = new Deferred<ProcessEnd>()
  const request = connection.exec(encodeExec(sandboxId, spec), {
    ended: (waitStatus) => exit.resolve(unpackStatus(waitStatus)),
    gone: () => exit.reject(goneError('a program in a sandbox was killed with it')),
  })
  const { output } = request.outputs
  const kill = (): void => connection.tell(REQUEST.signal, request.id, encodeNumber(SIGKILL))
  const abort = watchAbort(spec.signal, kill)
  try {
    await Promise.race([request.started, abort.rejection])
  } catch (error) {
    abort.ignore()
    output.destroy()
    throw isEnd(error) ? endedError() : error
  }
  exit.promise.then(abort.ignore, abort.ignore)
  return { output, exit: exit.promise, kill }
}

/** Calls `kill` when the signal aborts, and rejects `rejection` then, until it is to be ignored. */
function watchAbort(
  signal: AbortSignal | undefined,
  kill: () => void,
): { readonly rejection: Promise<never>; readonly ignore: () => void } {
  const aborted = new Deferred<never>()
  const onAbort = (): void => {
    kill()
    aborted.reject(abortedError())
  }
  signal?.addEventListener('abort', onAbort, { once: true })
  return {
    rejection: aborted.promise,
    ignore: () => signal?.removeEventListener('abort', onAbort),
  }
}

/** The launcher's answer when it knows no such sandbox any more, or its init is on the way out. */
function isEnd(error: unknown): boolean {
  return error instanceof NativeError && error.code === 'ESRCH' && error.syscall === 'exec'
}

function endedError(): NativeError {
  return new NativeError('SP_NATIVE_ENDED', 'the sandbox has ended: no program can run in it')
}

function abortedError(): NativeError {
  return new NativeError('SP_NATIVE_ABORTED', 'the program was killed while it was starting')
}
