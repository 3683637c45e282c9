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

  /** What went wrong besides the tests that failed. @param end what `runMachine` gave */
  trouble(end) {
    if (end === 'time') return 'the tests took longer than they may'
    if (end !== 'off') return `qemu: ${end}`
    if (this.end === null) return 'the machine went off before the tests had ended'
    // Jest fails for more than its tests: no test file found, a setting that it does not know.
    return this.end !== 0 && this.failed === 0 ? `jest ended with exit code ${this.end}` : ''
  }

  #suite({ suite, passed, failed, skipped, ms, failures }) {
    this.passed += passed
    this.failed += failed
    const counts = [`${passed} passed`]
    if (failed > 0) counts.push(`${failed} failed`)
    if (skipped > 0) counts.push(`${skipped} skipped`)
    const word = failed > 0 ? 'FAIL' : 'ok  '
    say(`  ${word}  ${suite}: ${counts.join(', ')} (${(ms / 1000).toFixed(1)} s)`)
    let last = ''
    for (const { title, message } of failures) {
      say(`    ${title}`)
      // What a whole file stumbles over is told once.
      if (message !== last) say(message.replace(/^/gm, '      '))
      last = message
    }
  }
}

function parse(line) {
  try {
    const message = JSON.parse(line)
    return typeof message === 'object' ? message : null
  } catch {
    return null
  }
}
