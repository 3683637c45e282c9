import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { TestRegistry } from '../../testing/registry.js'
import { openTestHost, type TestHost } from '../../testing/stages.js'
import { makeTree, runBuild, type Files, type TestBuild } from '../testing/builds.js'

/** Two runners that share nothing but a registry. */
let registry: TestRegistry
let one: TestHost
let other: TestHost

beforeAll(async () => {
  registry = await TestRegistry.start()
  const config = { registries: { insecure: [registry.host] } }
  one = await openTestHost({}, config)
  other = await openTestHost({}, config)
  const tree = await makeTree(one, { Dockerfile: 'FROM busybox\n' })
  await runBuild(one, tree, { repo: `${registry.host}/base` })
}, 60_000)

afterAll(async () => {
  await one.remove()
  await other.remove()
  await registry.remove()
})

async function build(host: TestHost, files: Files, settings: Files = {}): Promise<TestBuild> {
  const Dockerfile = `FROM ${registry.host}/base
ARG A=1
ENV B=$A
COPY file /file
WORKDIR /w
RUN echo "ran with $A"; cp /file here
RUN echo last; cat here
LABEL x=y
`
  const tree = await makeTree(host, { Dockerfile, file: 'one', ...files })
  const done = await runBuild(host, tree, { repo: `${registry.host}/app`, ...settings })
  expect(`${done.outcome.status} ${done.log}`).toMatch(/^success/)
  return done
}

const ran = ({ log }: TestBuild): string[] => log.match(/^(?:ran with|last).*$/gm) ?? []

it('takes layers of a pushed image as far as its history is the same', async () => {
  const cache_from = `${registry.host}/none,${registry.host}/app`
  expect(ran(await build(one, {}))).toEqual(['ran with 1', 'last'])
  const same = await build(other, {}, { cache_from, tags: 'again' })
  expect(same.log).toContain(`no layers are taken from ${registry.host}/none: `)
  // What wrote nothing has no layer to be taken.
  expect(ran(same)).toEqual(['last'])
  expect(same.log).not.toContain('uploaded')
  const changed = await build(other, { file: 'two' }, { cache_from, no_cache: 'false' })
  expect(ran(changed)).toEqual(['ran with 1', 'last'])
  expect(ran(await build(other, {}, { cache_from, build_args: 'A=2' }))).toContain('ran with 2')
}, 60_000)
