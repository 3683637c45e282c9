import { SetupError } from '../lib/report.mjs'

/** Asks the server's API. */
async function get(server, path, accept = 'application/json') {
  const response = await fetch(`${server.url}/api/repos/demo/hello${path}`, {
    headers: { authorization: `Bearer ${server.token}`, accept },
  })
  if (!response.ok)
    throw new SetupError(`GET ${path} answered ${response.status}: ${await response.text()}`)
  return accept === 'application/json' ? response.json() : response.text()
}

/** Holds the build against what it has to be. @throws SetupError with everything that differs */
export async function verifyBuild(server, commit, { broken }) {
  const build = await get(server, '/builds/1')
  const problems = []
  const expect = (what, got, wanted) => {
    if (got !== wanted)
      problems.push(`${what} is ${JSON.stringify(got)}, not ${JSON.stringify(wanted)}`)
  }
  expect('the build', build.status, broken ? 'failure' : 'success')
  expect('its commit', build.after, commit)
  const wanted = broken ? BROKEN : PASSED
  for (const [stageName, steps] of Object.entries(wanted)) {
    const stage = build.stages.find(({ name }) => name === stageName)
    for (const [stepName, status] of Object.entries(steps)) {
      const step = stage?.steps.find(({ name }) => name === stepName)
      expect(`step ${stageName}/${stepName}`, step?.status, status)
    }
  }
  if (!broken) await verifyLogs(server, build, expect)
  if (problems.length > 0)
    throw new SetupError(`the build is not as it should be:\n  ${problems.join('\n  ')}`)
  return build
}

const PASSED = {
  hello: {
    clone: 'success',
    build: 'success',
    unit: 'success',
    load: 'success',
    package: 'success',
  },
  report: { clone: 'success', lines: 'success' },
}

const BROKEN = {
  hello: {
    clone: 'success',
    build: 'success',
    unit: 'failure',
    load: 'success',
    package: 'skipped',
  },
}

/** Nothing is lost: every line of a log in its order, and the lengths that the server tells. */
async function verifyLogs(server, build, expect) {
  const stage = build.stages.find(({ name }) => name === 'hello')
  const log = async (name) => {
    const step = stage.steps.find((candidate) => candidate.name === name)
    return {
      step,
      text: await get(server, `/builds/1/logs/${stage.number}/${step.number}`, 'text/plain'),
    }
  }
  const load = await log('load')
  const numbers = load.text.split('\n').filter((line) => /^\d+$/.test(line))
  const inOrder = numbers.every((line, index) => line === String(index + 1))
  expect('the number of lines of the log of load', numbers.length, 10)
  expect('their being in order', inOrder, true)
  expect('the result of load', /^10000 lines, 10000 words$/m.test(load.text), true)
  expect('the tests that passed', (await log('unit')).text.match(/^ok {3}/gm)?.length, 4)
  const packaged = new RegExp(`^packaged ${build.after} of demo/hello$`, 'm')
  expect('the step variables of package', packaged.test((await log('package')).text), true)
}
