import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createHmac } from 'node:crypto'
import { readdir, readFile, readlink, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { patternsOf } from '../../runner/secrets/mask/patterns.js'
import { nullIfMissing } from '../../server/null-if-missing.js'
import { findLeftovers } from '../support/leftovers.js'
import { execPipeline, makeProject, type Project } from '../support/project.js'
import {
  connect,
  sandpiper,
  startSandpiper,
  type Api,
  type SandpiperProcess,
} from '../support/sandpiper.js'
import { makeScratch } from '../support/scratch.js'
import { waitFor } from '../support/wait.js'

/** From `secret set` to the log of a step, and nowhere else. */
const SECRET = `hush "hush" it's $9 & <é> \\ 100% "never-seen"`
const FORMS = [...patternsOf([SECRET]).plain, ...patternsOf([SECRET]).folded]

let scratch: { dir: string; remove: () => Promise<void> }
let server: SandpiperProcess
let api: Api
let data: string
let env: Record<string, string>

beforeAll(async () => {
  scratch = await makeScratch()
  data = path.join(scratch.dir, 'data')
  server = startSandpiper(['standalone', '--data', data, '--listen', '127.0.0.1:0'])
  api = await connect(data, server)
  env = { SANDPIPER_SERVER: api.url, SANDPIPER_TOKEN: api.token }
}, 60_000)

afterAll(async () => {
  await server.end()
  await scratch.remove()
  expect(await findLeftovers()).toEqual([])
}, 60_000)

let projects = 0
async function newProject(...options: string[]): Promise<Project> {
  const project = await makeProject(api, scratch.dir, `acme/secret-${projects++}`)
  const file = path.join(scratch.dir, 'value')
  await writeFile(file, SECRET)
  const args = ['secret', 'set', project.slug, 'token', '--value-file', file, ...options]
  expect(await sandpiper(args, env)).toMatchObject({ code: 0, stdout: 'kept secret token\n' })
  return project
}

/** A pipeline of one step that has the secret. */
function pipeline(commands: readonly string[], after: readonly string[] = []): string {
  const file = JSON.parse(execPipeline({ show: commands, ...(after.length ? { after } : {}) })) as {
    steps: { environment?: object }[]
  }
  file.steps[0]!.environment = { TOKEN: { from_secret: 'token' } }
  return JSON.stringify(file)
}

const PRINT_ALL = [
  'echo "plain $TOKEN"',
  'echo "error $TOKEN" >&2',
  'set -x; true "$TOKEN"; set +x',
  'printf "%s" "$TOKEN" | cut -c1-9 | tr -d "\\n"; sleep 0.3; printf "%s\\n" "$TOKEN" | cut -c10-',
  'printf "%s" "$TOKEN" | base64',
  'printf "a%s" "$TOKEN" | base64 -w20',
  'printf "ab%s" "$TOKEN" | base64 -w0; echo',
  'printf "%s" "$TOKEN" | od -An -tx1 -v | tr -d " \\n"; echo',
  'bash -c \'printf "%q\\n" "$TOKEN"; echo "$${TOKEN@Q}"; declare -p TOKEN\'',
  'env | grep TOKEN',
  'echo "SHOWN=$TOKEN" >> "$SANDPIPER_OUTPUT"; echo "FINE=yes" >> "$SANDPIPER_OUTPUT"',
]

describe('a secret that a step prints in every way', () => {
  it('is in no log, no file of the server and no process of the host', async () => {
    const project = await newProject()
    await project.push({
      '.pipeline.yml': pipeline([...PRINT_ALL, 'echo waiting', 'sleep 600']),
    })
    await waitFor('the step to have printed', async () =>
      (await api.log(project.slug, 1, 1, 2)).includes('\nwaiting\n') ? true : null,
    )
    expect(await processesThatShow(SECRET)).toEqual([])
    expect(await filesWith(data)).toEqual([])
    await api.request('DELETE', `/api/repos/${project.slug}/builds/1`)
    await api.ended(project.slug, 1)
    const log = await api.log(project.slug, 1, 1, 2)
    expect(log).toContain('plain ******\n')
    expect(log).toContain('error ******\n')
    expect(formsIn(Buffer.from(log))).toEqual([])
    expect(await filesWith(data)).toEqual([])
    const audit = await (await api.request('GET', `/api/repos/${project.slug}/audit`)).text()
    expect(formsIn(Buffer.from(audit))).toEqual([])
    const entries = (JSON.parse(audit) as { action: string }[]).slice(0, 2)
    expect(entries).toMatchObject([
      { action: 'secret.use', subject: `${project.slug} token`, detail: { build: 1, stage: 1 } },
      { action: 'secret.create', login: 'admin' },
    ])
  }, 120_000)

  it('comes to the step as it is, and to no other, not even by its outputs', async () => {
    const project = await newProject()
    const bytes = Buffer.from(SECRET).toString('hex')
    await project.push({
      '.pipeline.yml': pipeline(
        [
          `test "$(printf %s "$TOKEN" | od -An -tx1 -v | tr -d ' \\n')" = ${bytes}`,
          'echo "SHOWN=$TOKEN" >> "$SANDPIPER_OUTPUT"; echo "FINE=yes" >> "$SANDPIPER_OUTPUT"',
        ],
        ['test -z "$TOKEN"', 'test -z "$SHOWN"', 'test "$FINE" = yes'],
      ),
    })
    const build = await api.ended(project.slug, 1)
    expect(build).toMatchObject({ status: 'success' })
    expect(await api.log(project.slug, 1, 1, 2)).toContain('SHOWN has a secret in it')
  }, 60_000)

  it('is the same after its key is renewed, and is opened by the new one alone', async () => {
    const project = await newProject()
    const before = await readFile(path.join(data, 'server.key'), 'utf8')
    const rotated = await sandpiper(['secret', 'rotate-key', '--remove-old', '--json'], env)
    expect(rotated).toMatchObject({ code: 0 })
    const after = await readFile(path.join(data, 'server.key'), 'utf8')
    expect(after.trim().split('\n')).toHaveLength(1)
    expect(after).not.toContain(before.trim())
    const commands = [`test "$(printf %s "$TOKEN" | wc -c)" = ${Buffer.byteLength(SECRET)}`]
    await project.push({ '.pipeline.yml': pipeline(commands) })
    expect(await api.ended(project.slug, 1)).toMatchObject({ status: 'success' })
  }, 60_000)
})

describe('a pull request', () => {
  const isThere = pipeline(['test -n "$TOKEN"'])

  it.each([
    ['a fork', 'stranger/app', ['--pull-request'], 'failure', 'builds of forks get no secrets'],
    ['the repo', null, [], 'failure', 'it is not for pull requests'],
    ['the repo, with a secret that is for them', null, ['--pull-request'], 'success', ''],
  ])(
    'of %s',
    async (_what, from, options, status, reason) => {
      const project = await newProject(...options)
      const { sha } = await project.push({ '.pipeline.yml': isThere })
      await api.ended(project.slug, 1)
      await api.request('PATCH', `/api/repos/${project.slug}`, { require_approval: 'none' })
      await sendPullRequest(project, sha, from ?? project.slug)
      const number = await waitFor('the build', async () => {
        const builds = await api.builds(project.slug)
        return builds.find((build) => build.number > 1)?.number ?? null
      })
      const build = await api.ended(project.slug, number)
      expect(build.status).toBe(status)
      expect(await api.log(project.slug, number, 1, 2)).toContain(reason)
      // Whoever starts it anew does not make it theirs.
      if (from === null) return
      await api.request('POST', `/api/repos/${project.slug}/builds/${number}`)
      const again = await api.ended(project.slug, number + 1)
      expect(again.status).toBe('failure')
    },
    60_000,
  )
})

async function sendPullRequest(project: Project, sha: string, from: string): Promise<void> {
  const found = await api.request('GET', `/api/repos/${project.slug}/hook-secret`)
  const { hook_secret: key } = (await found.json()) as { hook_secret: string }
  const sender = { login: 'ada', avatar_url: '' }
  const side = { sha, repo: { full_name: from } }
  const body = JSON.stringify({
    ...{ action: 'opened', number: 1, sender, repository: { full_name: project.slug } },
    pull_request: {
      ...{ title: 'T', body: '', html_url: '', user: sender, labels: [], draft: false },
      head: { ...side, ref: 'topic' },
      base: { ref: 'main', sha, repo: { full_name: project.slug } },
    },
  })
  const signature = `sha256=${createHmac('sha256', key).update(body).digest('hex')}`
  const response = await fetch(`${api.url}/hooks/github`, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'pull_request',
      'x-github-delivery': `${project.slug}-${from}`,
      'x-hub-signature-256': signature,
    },
  })
  expect([response.status, await response.text()]).toEqual([expect.any(Number), expect.any(String)])
  expect(response.ok).toBe(true)
}

function formsIn(bytes: Buffer): string[] {
  return FORMS.filter((form) => form.length >= 6 && bytes.includes(form)).map(String)
}

/** An image of a writable layer is larger: what is in it the step itself has written. */
const SEARCHED_BYTES_MAX = 1024 ** 3

/** Files below a directory that have any form of the secret in them. What a running server removes meanwhile has none. */
async function filesWith(directory: string): Promise<string[]> {
  const entries = await nullIfMissing(readdir(directory, { withFileTypes: true }))
  const found: string[] = []
  for (const entry of entries ?? []) {
    const file = path.join(directory, entry.name)
    if (entry.isDirectory()) found.push(...(await filesWith(file)))
    if (!entry.isFile()) continue
    const size = (await nullIfMissing(stat(file)))?.size ?? 0
    const bytes = size > SEARCHED_BYTES_MAX ? null : await nullIfMissing(readFile(file))
    if (bytes && formsIn(bytes).length > 0) found.push(file)
  }
  return found
}

/** Processes outside of sandboxes that have a text in their arguments or environment. */
async function processesThatShow(text: string): Promise<string[]> {
  const own = await readlink('/proc/self/ns/pid')
  const found: string[] = []
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const namespace = await readlink(`/proc/${pid}/ns/pid`).catch(() => '')
    if (namespace !== own) continue
    for (const file of ['cmdline', 'environ']) {
      const bytes = await readFile(`/proc/${pid}/${file}`).catch(() => Buffer.alloc(0))
      if (bytes.includes(text)) found.push(`${pid} ${file}`)
    }
  }
  return found
}
