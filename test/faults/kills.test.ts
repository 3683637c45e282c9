import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { NativeError } from '../../native/lib/error.js'
import { describeSandboxes } from '../../native/lib/testing/sandboxes.js'
import { messageOf } from '../../protocol/errors.js'
import { FaultLab } from '../support/fault-lab.js'
import { PARTS, UnexpectedEnd, type Part } from '../support/launch-sequence.js'

/**
 * Kills the launcher and its children at system calls of each part of a launch: at some, further on each
 * time; SANDPIPER_TEST_FAULTS=all: at each.
 */
const STRIDE = process.env['SANDPIPER_TEST_FAULTS'] === 'all' ? 1 : 17

let lab: FaultLab

beforeAll(async () => {
  lab = await FaultLab.make('kills')
})
afterAll(() => lab.close())

/** Goes through a part's calls. @returns what was wrong at which, and how many were gone through. */
async function atCalls(
  kill: (part: Part, at: number) => Promise<readonly string[] | null>,
  part: Part,
): Promise<{ readonly problems: readonly string[]; readonly reached: number }> {
  const problems: string[] = []
  let reached = 0
  for (let at = 1; ; at += STRIDE) {
    const found = await kill(part, at)
    if (!found) return { problems, reached }
    reached += 1
    problems.push(...found.map((problem) => `${part}: call ${at}: ${problem}`))
  }
}

/** How a part went that something was killed in: an error with a code, a killed program, or well. */
async function outcomeOf(work: Promise<void>): Promise<string | null> {
  try {
    await lab.patiently('it', work)
    return null
  } catch (error) {
    // The code is that of a tool, as shells tell it.
    const isKilled =
      error instanceof UnexpectedEnd && (error.signal === 9 || error.code === 128 + 9)
    const isTyped = error instanceof NativeError && error.code !== ''
    return isKilled || isTyped ? null : `was told as "${messageOf(error)}"`
  }
}

/** Kills whoever makes the call: an init, a helper, or the launcher itself. */
async function killCaller(part: Part, at: number): Promise<readonly string[] | null> {
  lab.faulty.arm(at, { kind: 'kill' })
  const told = await outcomeOf(lab.ready.run(part))
  lab.faulty.disarm()
  const { call } = lab.faulty
  if (!call) return null
  const left = call.byLauncher ? await lab.replace() : await checkSame()
  return [told, left].filter((problem) => problem !== null).map((text) => `${call.name}: ${text}`)
}

async function checkSame(): Promise<string | null> {
  try {
    await lab.checkSame()
    return null
  } catch (error) {
    await lab.replace()
    return messageOf(error)
  }
}

/** Kills the launcher while a child of its is about to make the call; the child goes on then. */
async function killLauncher(part: Part, at: number): Promise<readonly string[] | null> {
  lab.faulty.arm(at, { kind: 'hold' })
  const { launcher } = lab.ready
  const told = outcomeOf(lab.ready.run(part))
  const call = await Promise.race([lab.faulty.reached(), told.then(() => lab.faulty.call)])
  if (call) {
    process.kill(launcher.pid, 'SIGKILL')
    await launcher.closed
  }
  lab.faulty.disarm()
  const problem = await told
  if (!call) return null
  const left = await lab.replace()
  return [problem, left].filter((text) => text !== null).map((text) => `${call.name}: ${text}`)
}

describeSandboxes('kill -9', () => {
  it.each(PARTS)(
    'of who makes a call of the part "%s" is told, leaves nothing, and the next sandbox works',
    async (part) => {
      const { problems, reached } = await atCalls(killCaller, part)
      expect(problems).toEqual([])
      expect(reached).toBeGreaterThan(1)
    },
    1_800_000,
  )

  it.each(PARTS)(
    'of the launcher in the part "%s" is told, and leaves nothing that the next start does not sweep',
    async (part) => {
      const { problems, reached } = await atCalls(killLauncher, part)
      expect(problems).toEqual([])
      expect(reached).toBeGreaterThan(1)
    },
    1_800_000,
  )
})
