// Jest reporter that tells of every test file on a serial port: one JSON object a line.
import { openSync, writeSync } from 'node:fs'
import { relative } from 'node:path'

const MESSAGE_CHARACTERS_MAX = 4000

export default class SerialReporter {
  #port = openSync(process.env.SANDPIPER_VM_RESULTS, 'w')

  /** On the console, so that its log shows where time goes, and what ran when the machine hung. */
  onTestCaseResult(test, { fullName, status, duration }) {
    console.log(`${status} ${duration} ms: ${fullName}`)
  }

  onTestFileResult(test, result) {
    const failures = result.testResults
      .filter(({ status }) => status === 'failed')
      .map(({ fullName, failureMessages }) => failure(fullName, failureMessages.join('\n')))
    // A file that can't even load has no tests to count.
    if (result.testExecError && failures.length === 0)
      failures.push(failure('the file', result.failureMessage ?? ''))
    this.#tell({
      suite: relative(process.cwd(), test.path).replace(/\.js$/, '.ts'),
      passed: result.numPassingTests,
      failed: failures.length,
      skipped: result.numPendingTests,
      ms: result.perfStats.end - result.perfStats.start,
      failures,
    })
  }

  #tell(message) {
    writeSync(this.#port, `${JSON.stringify(message)}\n`)
  }
}

function failure(title, message) {
  // eslint-disable-next-line no-control-regex
  const plain = message.replace(/\u001b\[[0-9;]*m/g, '')
  return { title, message: plain.slice(0, MESSAGE_CHARACTERS_MAX) }
}
