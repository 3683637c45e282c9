import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { AUTHORIZED, HttpFixture } from '../../server/http/testing/fixture.js'
import { fillBuilds } from '../../server/testing/many-builds.js'
import { TEST_STORE } from '../../server/testing/test-database.js'

const MANY = process.env.SANDPIPER_TEST_SCALE === 'all' ? 1_000_000 : 30_000
const FEW = 100
const ROUNDS = 41

let fixture: HttpFixture
beforeAll(async () => {
  fixture = await HttpFixture.open()
  for (const [name, count] of [
    ['few', FEW],
    ['many', MANY],
  ] as const) {
    await fixture.addRepo('o', name, `the secret of ${name}`)
    const repo = await fixture.services.repos.find('o', name)
    await fillBuilds(fixture.db, repo!.id, count)
  }
}, 600_000)
afterAll(() => fixture.close())

/** Milliseconds of a median answer. */
async function median(path: string): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const start = performance.now()
    const { statusCode } = await fixture.app.inject({ url: path, headers: AUTHORIZED })
    times.push(performance.now() - start)
    expect(statusCode).toBe(200)
  }
  return times.sort((a, b) => a - b)[ROUNDS >> 1]!
}

it.each([
  ['the builds page', 'builds', 'builds'],
  ['its second page', 'builds?page=2', 'builds?page=2'],
  ['the newest build', 'builds/latest', 'builds/latest'],
  ['a build', `builds/${FEW / 2}`, `builds/${MANY / 2}`],
])(
  '%s of a repo with very many builds comes as fast as of one with few',
  async (name, few, many) => {
    await median(`/api/repos/o/few/${few}`)
    const fewMs = await median(`/api/repos/o/few/${few}`)
    const manyMs = await median(`/api/repos/o/many/${many}`)
    const ratio = manyMs / fewMs
    process.stdout.write(
      `${TEST_STORE}: ${name}: ${fewMs.toFixed(2)} ms with ${FEW}, ${manyMs.toFixed(2)} ms with ${MANY} builds, ratio ${ratio.toFixed(2)}\n`,
    )
    // What grows with the builds would be thousands of times slower.
    expect(ratio).toBeLessThan(5)
  },
  120_000,
)
