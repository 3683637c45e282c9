import { say } from '../lib/report.mjs'

/** Counts what guest/reporter.mjs tells, line by line, and says it as it comes. */
export class Tally {
  passed = 0
  failed = 0
  /** Jest's exit code, once the guest has told that it has ended. */
  end = null

  /** @param line one JSON object, or noise of the firmware's */
  add(line) {
    const message = parse(line)
    if (message === null) return
    if (message.end === undefined) this.#suite(message)
    else this.end = message.end
  }

  /** One more failure, of no test but of the lane itself. */
  fail(reason) {
    this.failed++
    say(`  FAIL  ${reason}`)
  }

  #suite({ suite, passed, failed, skipped, ms, failures }) {
    this.passed += passed
    this.failed += failed
    const counts = [`${passed} passed`]
    if (failed > 0) counts.push(`${failed} failed`)
    if (skipped > 0) counts.push(`${skipped} skipped`)
    const word = failed > 0 ? 'FAIL' : 'ok  '
    say(`  ${word}  ${suite}: ${counts.join(', ')} (${(ms / 1000).toFixed(1)} s)`)
    for (const { title, message } of failures)
      say(`    ${title}\n${message.replace(/^/gm, '      ')}`)
  }
}

function parse(line) {
  try {
    return JSON.parse(line)
  } catch {
    return null
  }
}
