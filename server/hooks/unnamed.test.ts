import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { SandpiperError } from '../../protocol/errors.js'
import { createRepoService } from '../builds/repo-service.js'
import { systemClock } from '../clock.js'
import { openKeys } from '../secrets/open-secrets.js'
import type { RepoService } from '../services.js'
import { TestDatabase } from '../testing/test-database.js'
import { authenticate } from './authenticate.js'
import { FORMATS } from './formats.js'
import { NAME_FIELDS_MAX, REPO_NAMES_MAX, TRIALS_MAX } from './limits.js'
import { reposNamedIn } from './named-repos.js'
import { proofFor } from './testing/proof.js'
import { readSignature } from './signature.js'

const REPOS = 2 * TRIALS_MAX

let directory: string
let database: TestDatabase
let repos: RepoService
let opened = 0
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sandpiper-unnamed-'))
  database = await TestDatabase.create()
  const { box } = await openKeys({ dataDir: directory, secretKeyFile: join(directory, 'key') })
  const counting: typeof box = {
    ...box,
    open: (...sealed) => {
      opened += 1
      return box.open(...sealed)
    },
  }
  // Nothing else of the service is used.
  repos = createRepoService({
    ...{ db: await database.open(), clock: systemClock, secrets: counting },
    logger: pino({ level: 'silent' }),
  } as unknown as Parameters<typeof createRepoService>[0])
  for (let index = 0; index < REPOS; index += 1) {
    const [owner, name] = [`Owner${index}`, index < TRIALS_MAX + 1 ? 'common' : `Name${index}`]
    await repos.add({ owner, name, cloneUrl: '/git', hookSecret: `secret ${index}` })
  }
})
afterAll(async () => {
  await database.remove()
  await rm(directory, { recursive: true })
})
beforeEach(() => {
  opened = 0
})

interface Sent {
  readonly forge?: string
  readonly secret?: string
  readonly headers?: Record<string, string>
}

/** Names of the repos whose secret it was signed with, or the error's code. */
async function signersOf(
  payload: unknown,
  options: Sent = {},
): Promise<readonly string[] | string> {
  const { forge = 'github', secret = `secret ${REPOS - 1}` } = options
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload)
  const { scheme, repoField } = FORMATS.find((format) => format.forge === forge)!
  const headers = { ...proofFor(scheme, secret, text), ...options.headers }
  const body = Buffer.from(text)
  return authenticate(repos, {
    ...{ body, scheme, namedRepo: undefined },
    claim: readSignature(headers, scheme)!,
    names: () => reposNamedIn(headers, body, repoField),
  }).then(
    (signers) => signers.map(({ owner, name }) => `${owner}/${name}`),
    (error: unknown) => (error instanceof SandpiperError ? error.code : String(error)),
  )
}

const LAST = `Owner${REPOS - 1}/Name${REPOS - 1}`
const of = (name: string) => ({ repository: { full_name: name } })

describe('of a delivery without ?repo=', () => {
  it.each([
    ['github', of(LAST), {}],
    ['github', of(LAST.toLowerCase()), {}],
    ['github', JSON.stringify(of(LAST), null, 2).replace('/', '\\/'), {}],
    [
      'github',
      new URLSearchParams({ payload: JSON.stringify(of(LAST)) }).toString(),
      { 'content-type': 'application/x-www-form-urlencoded' },
    ],
    ['gitea', { ...of(LAST), sender: { full_name: 'Ada Lovelace' } }, {}],
    ['git', { repo: LAST }, {}],
    ['git', { repo: `~${LAST}` }, {}],
    ['gitlab', { project: { path_with_namespace: LAST } }, {}],
    ['gitlab', { project: { path_with_namespace: `a/b/Name${REPOS - 1}` } }, {}],
    ['bitbucket', of(LAST), {}],
    ['bitbucket-server', { repository: { slug: `name${REPOS - 1}`, project: { key: 'O' } } }, {}],
  ])('only the secret of the repo that it names is opened: %s %j', async (forge, body, headers) => {
    expect(await signersOf(body, { forge, headers })).toEqual([LAST])
    expect(opened).toBe(1)
  })

  it('no secret is opened for a stranger who names a repo that is not here', async () => {
    expect(await signersOf(of('o/none'), { secret: 'x' })).toBe('SP_HOOK_REPO_UNKNOWN')
    expect(opened).toBe(0)
  })

  it.each([{}, 'no JSON', of(''), { full_name: 7 }, { repo: LAST }])(
    'none is opened for who names none where there are many: %j',
    async (body) => {
      expect(await signersOf(body, { secret: 'x' })).toBe('SP_HOOK_REPO_UNNAMED')
      expect(opened).toBe(0)
    },
  )

  it('none is opened for who names what very many are named', async () => {
    const body = { repository: { slug: 'common' } }
    expect(await signersOf(body, { forge: 'bitbucket-server' })).toBe('SP_HOOK_REPO_UNNAMED')
    expect(opened).toBe(0)
  })

  it('few are opened for who names many', async () => {
    const names = Array.from({ length: REPOS }, (_, i) => of(`Owner${i}/Name${i}`))
    expect(await signersOf(names, { secret: 'x' })).toMatch('SP_HOOK_')
    expect(opened).toBeLessThanOrEqual(REPO_NAMES_MAX)
  })

  it('few fields are looked at for who sends very many', async () => {
    const fields = (count: number) => Array.from({ length: count }, () => ({ full_name: 7 }))
    expect(await signersOf([...fields(NAME_FIELDS_MAX - 1), of(LAST)])).toEqual([LAST])
    expect(await signersOf([...fields(NAME_FIELDS_MAX), of(LAST)])).toBe('SP_HOOK_REPO_UNNAMED')
  })

  it('the secret of another repo proves nothing', async () => {
    expect(await signersOf(of(LAST), { secret: 'secret 0' })).toBe('SP_HOOK_BAD_SIGNATURE')
  })
})
