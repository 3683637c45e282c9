import { StringDecoder } from 'node:string_decoder'
import { LOG_STREAMS, type LogStream } from '../../protocol/log-record.js'
import type { StageJob } from '../../protocol/job.js'
import type { StageSink, StepResult } from '../../runner/stage/sink.js'
import type { BuildView } from '../terminal/view.js'

/** A step's end with its name, for the JSON of `exec --json`. */
export interface NamedStepResult extends StepResult {
  readonly name: string
}

/** A line that never ends is shown in pieces of this many characters. */
const LINE_LENGTH_MAX = 16 * 1024

/** Shows what a stage's steps do; keeps how each ended in `results`. */
export function viewSink(
  view: BuildView,
  job: StageJob,
  options: { readonly several: boolean; readonly results: NamedStepResult[] },
): StageSink {
  const names = new Map(job.steps.map(({ number, name }) => [number, name]))
  const idOf = (step: number): string => `${job.stageNumber}.${step}`
  const lines: Record<LogStream, Map<number, LineBuffer>> = { stdout: new Map(), stderr: new Map() }
  const started = new Map<number, number>()
  let told = ''
  for (const { number, name } of job.steps) {
    view.add({ id: idOf(number), name: options.several ? `${job.stage.name}/${name}` : name })
  }
  return {
    stepStarted(step, at) {
      started.set(step, at)
      view.started(idOf(step))
    },
    output(step, data, stream) {
      const own = lines[stream]
      const buffer = own.get(step) ?? new LineBuffer((text) => view.output(idOf(step), text))
      own.set(step, buffer)
      buffer.write(data)
      return undefined
    },
    stepFinished(result) {
      const { step, status, exitCode, error, at } = result
      for (const stream of LOG_STREAMS) lines[stream].get(step)?.end()
      const durationMs = at - (started.get(step) ?? at)
      // What is wrong with the pipeline is told with its first step.
      const isRepeated = status === 'skipped' && error === told
      if (status === 'skipped') told = error
      view.finished(idOf(step), { status, exitCode, error: isRepeated ? '' : error, durationMs })
      options.results.push({ ...result, name: names.get(step) ?? '' })
      return Promise.resolve()
    },
  }
}

/** Makes whole lines of chunks of bytes. */
class LineBuffer {
  readonly #decoder = new StringDecoder('utf8')
  readonly #emit: (text: string) => void
  #rest = ''

  constructor(emit: (text: string) => void) {
    this.#emit = emit
  }

  write(data: Buffer): void {
    this.#rest += this.#decoder.write(data)
    const end = this.#rest.lastIndexOf('\n') + 1
    if (end > 0) this.#emit(this.#rest.slice(0, end))
    this.#rest = this.#rest.slice(end)
    if (this.#rest.length > LINE_LENGTH_MAX) this.#flush()
  }

  end(): void {
    this.#rest += this.#decoder.end()
    this.#flush()
  }

  #flush(): void {
    if (this.#rest !== '') this.#emit(this.#rest)
    this.#rest = ''
  }
}
