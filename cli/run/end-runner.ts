import type { RunningRunner } from '../../runner/compose.js'
import type { CliIo } from '../io.js'
import { stripTerminalText } from '../terminal/sanitize.js'
import { aborted, isTerminal, type processLogger } from './serve.js'

/** Stages that are named; of more only the number is told. */
const NAMED_MAX = 5

type RunningStage = ReturnType<RunningRunner['running']>[number]

/** Lets what runs end; a second signal gives it back to be run elsewhere. Tells what it waits for. */
export async function endRunner(
  runner: RunningRunner,
  io: CliIo,
  log: ReturnType<typeof processLogger>,
): Promise<void> {
  const drained = runner.close({ mode: 'drain' })
  const waiting = runner.running()
  if (waiting.length > 0) tell(describeDrain(waiting))
  const isDrained = await Promise.race([drained.then(() => true), aborted(io.abort)])
  if (isDrained !== true) {
    const cut = runner.running().length
    await runner.abort()
    tell(describeAbort(cut))
  }
  await drained

  /** To people as a line, to a log as one of its records. */
  function tell(text: string): void {
    if (isTerminal(io.stderr)) io.stderr.write(`${text}\n`)
    else log.info(text)
  }
}

/** `waiting for 1 running stage (octo/hello #8 default); a second Ctrl-C ends at once` */
export function describeDrain(stages: readonly RunningStage[]): string {
  const names = stages
    .slice(0, NAMED_MAX)
    .map(({ repo, buildNumber, stage }) => `${repo.slug} #${buildNumber} ${stage.name}`)
  const more = stages.length > NAMED_MAX ? [`${stages.length - NAMED_MAX} more`] : []
  const list = stripTerminalText([...names, ...more].join(', '))
  return `waiting for ${count(stages.length, 'running stage')} (${list}); a second Ctrl-C ends at once`
}

/** `ended at once; 2 stages will be run again` */
export function describeAbort(stages: number): string {
  return stages === 0
    ? 'ended at once'
    : `ended at once; ${count(stages, 'stage')} will be run again`
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
