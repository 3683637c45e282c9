import { expandWord, WordError } from './expand.js'
import { expand, type Situation } from './situation.js'
import type { HealthcheckInstruction } from './instruction.js'
import type { Healthcheck } from '../image/oci-image.js'

const NANOSECONDS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
}

/** What HEALTHCHECK says. @throws WordError */
export function healthcheckOf(
  { command, times, retries }: HealthcheckInstruction,
  situation: Situation,
): Healthcheck {
  if (command === null) return { Test: ['NONE'] }
  const Test = command.form === 'exec' ? ['CMD', ...command.argv] : ['CMD-SHELL', command.text]
  const durations = Object.entries(times).map(([key, text]) => [
    key,
    durationOf(expand(text, situation)),
  ])
  const Retries =
    retries === null ? 0 : Number(expandWord(retries, { ...situation.scope, variables: new Map() }))
  if (!Number.isInteger(Retries) || Retries < 0) {
    throw new WordError(`--retries is a number, not ${JSON.stringify(retries)}`)
  }
  return {
    Test,
    ...Object.fromEntries(durations),
    ...(Retries === 0 ? {} : { Retries }),
  } as Healthcheck
}

/** Go's words for a time, `1m30s`, in nanoseconds. */
function durationOf(text: string): number {
  const isDuration = /^(?:\d{1,9}(?:\.\d{1,9})?(?:ns|us|µs|ms|s|m|h))+$/.test(text)
  if (!isDuration && text !== '0') {
    throw new WordError(`${JSON.stringify(text)} is no time such as 30s or 1m30s`)
  }
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)]
  const sum = parts.reduce((total, [, count, unit]) => {
    return total + Number(count) * (NANOSECONDS[unit ?? ''] ?? 0)
  }, 0)
  if (sum > 0 && sum < 1e6) throw new WordError(`${text} is less than a millisecond`)
  return Math.round(sum)
}
