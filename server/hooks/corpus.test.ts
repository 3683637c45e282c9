import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { BuildEvent } from '../../pipelines/event.js'
import { HttpFixture } from '../http/testing/fixture.js'
import { FORMATS } from './formats.js'
import type { HookReading } from './reading.js'
import { readSignature } from './signature.js'
import { factsOf } from './testing/golden.js'
import type { Golden } from './testing/golden.js'
import { proofFor } from './testing/proof.js'

const CORPUS = process.env['SANDPIPER_CORPUS']
const SECRET = 'the secret of every repo'

interface Sample {
  readonly name: string
  readonly forge: string
  readonly body: Buffer
  readonly headers: Record<string, string>
  /** Signatures that must verify, with the secret that they were made with. */
  readonly signed: readonly {
    readonly header: string
    readonly value: string
    readonly secret: string
  }[]
  readonly golden: Golden | undefined
}

/** Payloads that are no payloads: the other tool's tests of what it refuses. */
const MALFORMED: ReadonlySet<string> = new Set([
  'github/woodpecker__HookPullRequestInvalidAction.json',
  'github/woodpecker__HookPullRequestInvalidState.json',
])

/** Where we read something else than go-scm did, and why: `sample: field`, or `*: field` for all of a forge. */
const DEVIATIONS: Readonly<Record<string, string>> = {
  'gitlab/go-scm__pull_request_review_ready.json: action':
    'an update without `oldrev` brought no commits; `changes` says that the draft mark changed',
  'github/go-scm__deployment_commit.json: ref':
    'a bare commit is looked for on the default branch, for there must be a ref to fetch',
}

const samples = CORPUS === undefined ? [] : FORMATS.flatMap(({ forge }) => samplesOf(forge))

;(CORPUS === undefined ? describe.skip : describe)('every payload of the corpus', () => {
  it.each(samples.map((sample) => [sample.name, sample] as const))(
    '%s is read',
    (_name, sample) => {
      if (MALFORMED.has(sample.name)) expect(() => read(sample)).toThrow(/Field/)
      else expect(read(sample)).toMatchObject({ reason: expect.any(String) as unknown })
    },
  )

  const golden = samples.filter((sample) => sample.golden !== undefined)
  it.each(golden.map((sample) => [sample.name, sample] as const))(
    '%s is read as go-scm read it',
    (name, sample) => {
      const reading = read(sample)
      const expected = factsOf(sample.golden ?? {}, sample.forge)
      if (expected.event === undefined) {
        expect(reading.events).toEqual([])
        expect(reading.reason).toMatch(expected.reason)
        return
      }
      expect(reading.events).toHaveLength(1)
      expect(reading.slug?.toLowerCase()).toBe(expected.slug.toLowerCase())
      const event = withoutDeviations(name, reading.events[0], expected.event)
      expect(event).toMatchObject(expected.event)
    },
  )

  const signed = samples.flatMap(({ signed: claims, ...sample }) =>
    claims.map((claim) => [`${sample.name} ${claim.header}`, { ...sample, claim }] as const),
  )
  it.each(signed)('%s verifies, and does not when a byte is changed', (_name, sample) => {
    const { claim, body, forge } = sample
    const { scheme } = formatOf(forge)
    const proof = readSignature({ [claim.header]: claim.value }, scheme)
    if (claim.value.startsWith('sha1=')) {
      // Refused though it is right: githubFormat says why.
      expect(proof).toBeNull()
      return
    }
    expect(scheme.matches(claim.secret, body, proof!)).toBe(true)
    expect(scheme.matches(`${claim.secret}x`, body, proof!)).toBe(false)
    if (forge === 'gitlab') return
    const changed = Buffer.from(body)
    changed[body.length >> 1]! ^= 1
    expect(scheme.matches(claim.secret, changed, proof!)).toBe(false)
  })

  it('has them all', () => {
    expect(samples.length).toBeGreaterThanOrEqual(169)
    expect(signed.length).toBeGreaterThanOrEqual(12)
  })
})

;(CORPUS === undefined ? describe.skip : describe)('every payload of the corpus, sent', () => {
  let fixture: HttpFixture
  beforeAll(async () => {
    fixture = await HttpFixture.open()
  })
  afterAll(() => fixture.close())

  it.each(samples.map((sample) => [sample.name, sample] as const))(
    '%s is answered',
    async (_name, sample) => {
      const slug = await addRepoOf(sample)
      const proof = proofFor(formatOf(sample.forge).scheme, SECRET, sample.body)
      const response = await fixture.app.inject({
        method: 'POST',
        url: `/hooks/${sample.forge}?repo=${slug}`,
        headers: { 'content-type': 'application/json', ...sample.headers, ...proof },
        payload: sample.body,
      })
      if (MALFORMED.has(sample.name)) {
        expect(response.json()).toMatchObject({ status: 400, code: 'SP_HOOK_BODY_INVALID' })
        return
      }
      const answer = response.json<{ reason: string; duplicate: boolean; number?: number }>()
      expect(response.statusCode).toBe(answer.number !== undefined && !answer.duplicate ? 202 : 200)
      expect(answer.reason === '').toBe(answer.number !== undefined)
    },
  )

  /** Names that no repo can have (`~user`, groups in groups) are sent for another. */
  async function addRepoOf(sample: Sample): Promise<string> {
    const slug = MALFORMED.has(sample.name) ? null : read(sample).slug
    const [owner = 'o', name = 'n'] = slug?.replace('~', '').split('/') ?? []
    if ((await fixture.services.repos.find(owner, name)) === null) {
      await fixture.addRepo(owner, name, SECRET)
    }
    return `${owner}/${name}`
  }
})

function withoutDeviations(
  name: string,
  event: BuildEvent | undefined,
  expected: Record<string, unknown>,
): Record<string, unknown> {
  const copy: Record<string, unknown> = { ...event }
  for (const field of Object.keys(expected)) {
    const reason = DEVIATIONS[`${name}: ${field}`]
    if (reason !== undefined) copy[field] = expected[field]
    if (reason !== undefined && field === 'action') copy['event'] = expected['event']
  }
  return copy
}

function read({ forge, headers, body }: Sample): HookReading {
  return formatOf(forge).read(headers, body)
}

function formatOf(forge: string) {
  const format = FORMATS.find((one) => one.forge === forge)
  if (format === undefined) throw new Error(`no format ${forge}`)
  return format
}

function samplesOf(forge: string): Sample[] {
  if (forge === 'git') return []
  const folder = join(CORPUS ?? '', 'webhooks', forge)
  const golden = readGolden(join(folder, 'GOLDEN.json'))
  const [head = '', ...rows] = readFileSync(join(folder, 'INDEX.tsv'), 'utf8').trimEnd().split('\n')
  const columns = head.split('\t')
  return rows.map((row) => {
    const cells = row.split('\t')
    const cell = (name: string) => cells[columns.indexOf(name)] ?? ''
    return {
      name: `${forge}/${cell('file')}`,
      forge,
      body: readFileSync(join(folder, cell('file'))),
      headers: headersIn(`${cell('header')}; ${cell('notes')}`),
      signed: signaturesIn(cell('notes')),
      golden: golden[cell('file')],
    }
  })
}

function readGolden(path: string): Record<string, Golden | undefined> {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Record<string, Golden>
  } catch {
    return {}
  }
}

/** `Name: value` of headers, those in the notes too; signatures are made anew. */
function headersIn(text: string): Record<string, string> {
  const headers = [...text.matchAll(/(?:^|; )(X-[\w-]+): ([^;]+?)(?= \(|;|$)/g)].reverse()
  return Object.fromEntries(
    headers.map(([, name = '', value = '']) => [name.toLowerCase(), value.trim()]),
  )
}

function signaturesIn(notes: string): Sample['signed'] {
  const found = notes.matchAll(/(X-[\w-]*(?:Signature)[\w-]*): (\S+) \(secret ([^)]+)\)/g)
  return [...found].map(([, header = '', value = '', secret = '']) => ({
    header: header.toLowerCase(),
    value,
    secret,
  }))
}
