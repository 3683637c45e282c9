import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { startForge, type TestForge } from './testing/all.js'
import { COMMIT, TOKEN } from './testing/world.js'
import { FORGE_KINDS, type CommitStatus, type ForgeKind, type StatusState } from './types.js'

let started: TestForge
afterEach(() => started.close())

async function all<T>(list: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of list) items.push(item)
  return items
}

/** Context as the stand-in has it, for one that is longer than Bitbucket's keys. */
const LONG = 'continuous-integration/sandpiper/promote/production'

const status = (change: Partial<CommitStatus> = {}): CommitStatus => ({
  commit: COMMIT,
  state: 'failure',
  context: 'ci/push',
  description: 'step test failed with exit code 2 after 41 s',
  link: 'https://ci.example.org/octo/write/7/1/2',
  branch: 'main',
  number: 7,
  ...change,
})

describe.each(FORGE_KINDS)('the client for %s', (kind) => {
  beforeEach(async () => {
    started = await startForge(kind)
  })
  const idOf = (number: number): string => (kind === 'bitbucket' ? `{r-${number}}` : `${number}`)
  const ref = { slug: 'octo/write', remoteId: idOf(12) }

  test('tells who has a token', async () => {
    const user = await started.forge.user(TOKEN)
    expect(user).toMatchObject({
      remoteId: kind === 'bitbucket' ? '{u-7}' : '7',
      login: 'jane',
      name: 'Jane Doe',
    })
    expect(started.standIn.refused).toEqual([])
  })

  test('lists every repo once, over pages, with the role in it', async () => {
    const repos = await all(started.forge.repos(TOKEN))
    expect(
      repos.map(({ remoteId, slug, role, visibility }) => [remoteId, slug, role, visibility]),
    ).toEqual([
      [idOf(11), 'octo/admin', 'admin', 'private'],
      [idOf(12), 'octo/write', 'write', 'public'],
      [idOf(13), 'octo/read', 'read', 'private'],
    ])
    expect(started.standIn.refused).toEqual([])
    const [first] = repos
    expect(first?.cloneUrl).toMatch(
      /^https:\/\/(?:git(?:hub|ea|lab)|bitbucket|stash)\.example\/(?:scm\/)?octo\/admin\.git$/,
    )
    expect(first?.link).toMatch(/^https:\/\/.*octo\/(?:repos\/)?admin$/)
  })

  test.each(['admin', 'write', 'read'])('finds a repo where one may %s', async (role) => {
    expect(await started.forge.repo(TOKEN, `octo/${role}`)).toMatchObject({
      slug: `octo/${role}`,
      role,
      archived: false,
      defaultBranch: 'main',
    })
    expect(started.standIn.refused).toEqual([])
  })

  test('finds no repo that is not there', async () => {
    expect(await started.forge.repo(TOKEN, 'octo/none')).toBeNull()
  })

  test('sets a status in the words of the forge', async () => {
    await started.forge.setStatus(TOKEN, ref, status())
    expect(started.standIn.refused).toEqual([])
    const [taken] = started.world.statuses
    expect(taken).toMatchObject({
      repo: 'octo/write',
      commit: COMMIT,
      state: STATES[kind].failure,
      context: 'ci/push',
      description: 'step test failed with exit code 2 after 41 s',
      link: 'https://ci.example.org/octo/write/7/1/2',
    })
    const hasRef = kind === 'gitlab' || kind === 'bitbucket'
    expect(taken?.ref).toBe(hasRef ? 'main' : undefined)
  })

  test.each(['pending', 'running', 'success', 'failure', 'error', 'killed'] as const)(
    'has a word for %s',
    async (state) => {
      await started.forge.setStatus(TOKEN, ref, status({ state, branch: '' }))
      expect(started.standIn.refused).toEqual([])
      expect(started.world.statuses.map((one) => one.state)).toEqual([STATES[kind][state]])
    },
  )

  test('sets the same status twice, and goes on to its end, and to the next build of the commit', async () => {
    const states: StatusState[] = [
      'pending',
      'pending',
      'running',
      'running',
      'pending',
      'success',
      'pending',
      'failure',
    ]
    for (const state of states) await started.forge.setStatus(TOKEN, ref, status({ state }))
    expect(started.standIn.refused).toEqual([])
    expect(started.world.statuses.at(-1)?.state).toBe(STATES[kind].failure)
  })

  test('bounds what the forge calls the status by', async () => {
    const other = LONG.replace('continuous', 'Continuous')
    for (const context of [LONG, other])
      await started.forge.setStatus(TOKEN, ref, status({ context }))
    expect(started.standIn.refused).toEqual([])
    const contexts = started.world.statuses.map((one) => one.context)
    expect(new Set(contexts).size).toBe(2)
    expect(contexts.every((one) => one.endsWith('/promote/production'))).toBe(true)
  })

  test('says that a token is wrong, and does not say which', async () => {
    const wrong = started.forge.setStatus('wrong-token', ref, status())
    await expect(wrong).rejects.toMatchObject({ code: 'SP_FORGE_UNAUTHORIZED', again: false })
    await expect(wrong).rejects.not.toThrow(/wrong-token/)
  })

  test('says that a commit is not there', async () => {
    const wrong = started.forge.setStatus(TOKEN, ref, status({ commit: 'cd'.repeat(20) }))
    await expect(wrong).rejects.toMatchObject({ code: 'SP_FORGE_FAILED', again: false })
  })
})

const likeGitHub = {
  pending: 'pending',
  running: 'pending',
  success: 'success',
  failure: 'failure',
  error: 'error',
  killed: 'error',
}
const STATES: Readonly<Record<ForgeKind, Readonly<Record<StatusState, string>>>> = {
  github: likeGitHub,
  gitea: likeGitHub,
  forgejo: likeGitHub,
  gitlab: {
    pending: 'pending',
    running: 'running',
    success: 'success',
    failure: 'failed',
    error: 'failed',
    killed: 'canceled',
  },
  bitbucket: {
    pending: 'INPROGRESS',
    running: 'INPROGRESS',
    success: 'SUCCESSFUL',
    failure: 'FAILED',
    error: 'FAILED',
    killed: 'STOPPED',
  },
  'bitbucket-server': {
    pending: 'INPROGRESS',
    running: 'INPROGRESS',
    success: 'SUCCESSFUL',
    failure: 'FAILED',
    error: 'FAILED',
    killed: 'CANCELLED',
  },
}

test('Bitbucket takes an address with an API token too', async () => {
  started = await startForge('bitbucket')
  expect(await started.forge.user(`jane@example.org:${TOKEN}`)).toMatchObject({ login: 'jane' })
})

test('GitLab says what stands in the way of a state that has ended', async () => {
  started = await startForge('gitlab')
  started.standIn.faults.push({
    kind: 'answer',
    answer: {
      status: 400,
      body: { message: 'Cannot transition status via :success from :canceled' },
    },
  })
  const sent = started.forge.setStatus(
    TOKEN,
    { slug: 'octo/write', remoteId: '' },
    status({ state: 'success' }),
  )
  await expect(sent).rejects.toThrow(/400: Cannot transition status/)
})
