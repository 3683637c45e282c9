import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { NativeError } from '../../native/lib/error.js'
import { describeSandboxes } from '../../native/lib/testing/sandboxes.js'
import { messageOf } from '../../protocol/errors.js'
import { FaultLab } from '../support/fault-lab.js'
import type { FaultyCall } from '../support/faulty-launcher.js'
import { PARTS, UnexpectedEnd, type Part } from '../support/launch-sequence.js'
import { functionsAt, mayFail } from '../support/may-fail.js'

/**
 * Makes each system call of each part of a launch fail. SANDPIPER_TEST_FAULTS=all: with each of the
 * errnos; else each with one of them, in turn.
 */
const ERRORS = ['EPERM', 'ENOMEM', 'EINTR', 'EIO'] as const
const WITH_ALL = process.env['SANDPIPER_TEST_FAULTS'] === 'all'
/** A part makes a few calls more or less from time to time: how often the server wakes up. */
const MISSES_MAX = 4
/** Each part makes more calls than that: so many were made to fail. */
const CALLS_MIN = 40
type ErrorName = (typeof ERRORS)[number]

/** Errors of which the code says enough. */
const TYPED: ReadonlySet<string> = new Set(['SP_NATIVE_KILLED', 'SP_NATIVE_LAUNCHER_GONE'])
/** Calls without which a launcher can't go on. */
const ENDING: ReadonlySet<string> = new Set(['epoll_wait', 'recvmsg', 'send'])

let lab: FaultLab

/** Does a part with one call failing. @returns what is wrong; null when the call was not reached. */
async function inject(part: Part, at: number, error: ErrorName): Promise<string[] | null> {
  lab.faulty.arm(at, { kind: 'fail', error })
  const outcome = await lab.patiently('it', lab.ready.run(part)).then(
    () => null,
    (thrown: unknown) => thrown,
  )
  lab.faulty.disarm()
  const { call } = lab.faulty
  if (!call) return null
  const isPrepared = part === 'prepared'
  const judged = [await judge(call, error, outcome, isPrepared), await recover(call)]
  const problems = judged.filter((problem) => problem !== null)
  if (problems.length === 0) return []
  const title = `${part}: call ${at}, ${call.name} by ${await describeCallers(call)}: ${error}`
  return problems.map((problem) => `${title}: ${problem}`)
}

/** What the caller was told must name the call, unless nothing was lost. */
async function judge(
  call: FaultyCall,
  error: ErrorName,
  outcome: unknown,
  isPrepared: boolean,
): Promise<string | null> {
  if (outcome === null) {
    if (error === 'EINTR' || (call.byLauncher && ENDING.has(call.name))) return null
    return (await mayFail(lab.faulty.program, call, isPrepared)) ? null : 'was not told'
  }
  if (outcome instanceof UnexpectedEnd) return judgeEnd(call, outcome)
  if (!(outcome instanceof NativeError)) return `was told as "${messageOf(outcome)}"`
  const isNamed = outcome.syscall !== '' && outcome.path !== ''
  const isEnding = call.byLauncher && ENDING.has(call.name) && outcome.code === 'SP_NATIVE_ENDED'
  return isNamed || isEnding || TYPED.has(outcome.code) ? null : `names no call: ${outcome.message}`
}

/** Who can't tell, or be told, how the program ended counts as killed. */
function judgeEnd(call: FaultyCall, { code, signal }: UnexpectedEnd): string | null {
  if (signal === 9 && ['read', 'recvmsg', 'write'].includes(call.name)) return null
  return `ended with ${code} or signal ${signal}`
}

/**
 * Nothing may be left, and the next sandbox must work: in the same launcher, unless it can't hear or wait
 * any more. Then it ends, and everything with it.
 */
async function recover(call: FaultyCall): Promise<string | null> {
  try {
    await lab.checkSame()
    return null
  } catch (error) {
    const hasEnded = error instanceof NativeError && error.code === 'SP_NATIVE_LAUNCHER_GONE'
    const mayEnd = hasEnded && call.byLauncher && ENDING.has(call.name)
    const left = await lab.replace()
    return mayEnd ? left : messageOf(error)
  }
}

const describeCallers = async ({ callers }: FaultyCall): Promise<string> =>
  (await functionsAt(lab.faulty.program, callers.slice(0, 6))).join(' < ')

describeSandboxes('a system call that fails', () => {
  beforeAll(async () => {
    lab = await FaultLab.make('calls')
  })

  afterAll(() => lab.close())

  it.each(PARTS)(
    'in the part "%s" is told by its name or may fail, leaves nothing, and the next sandbox works',
    async (part) => {
      const problems: string[] = []
      let reached = 0
      for (let at = 1, misses = 0; misses < MISSES_MAX; at++) {
        for (const error of WITH_ALL ? ERRORS : [ERRORS[at % ERRORS.length]!]) {
          const found = await inject(part, at, error)
          misses = found ? 0 : misses + 1
          reached += found ? 1 : 0
          problems.push(...(found ?? []))
        }
      }
      expect(problems).toEqual([])
      expect(reached).toBeGreaterThan(CALLS_MIN)
    },
    1_800_000,
  )
})
