import { describe, expect, it } from '@jest/globals'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { parseAllDocuments } from 'yaml'
import { compileText, fileWithSteps } from '../testing/compile.js'
import { pipelineJsonSchema } from './json-schema.js'

const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true })
const validate = ajv.compile(pipelineJsonSchema())

function schemaAccepts(source: string): boolean {
  return parseAllDocuments(source, { merge: true }).every((document) => validate(document.toJS()))
}

function decoderAccepts(source: string): boolean {
  return compileText(source).plan !== null
}

const STEP = '{name: a, image: b, commands: [c]}'

const GOOD = [
  `steps: [${STEP}]\n`,
  `kind: pipeline\ntype: docker\nname: x\nsteps: [${STEP}]\n`,
  'type: exec\nsteps: [{name: a, commands: c}]\n',
  `name: 1.10\nsteps: [${STEP}]\n`,
  `clone:\nworkspace: ~\nenvironment:\ntrigger:\ndepends_on:\nsteps: [${STEP}]\n`,
  `clone: {disable: false, depth: 0, retries: 3, skip_verify: true, trace: true}\nsteps: [${STEP}]\n`,
  `workspace: {base: /a, path: b}\nsteps: [${STEP}]\n`,
  `environment: {A: 1, B: true, C: , D: x, e.f-g: y}\nsteps: [${STEP}]\n`,
  `trigger: {branch: main, event: [push], ref: {include: [refs/**], exclude: x}}\nsteps: [${STEP}]\n`,
  `trigger: {status: , cron: [], repo: {include: , exclude: []}}\nsteps: [${STEP}]\n`,
  'steps:\n- {name: a, image: b, commands: [c, ~, 1, true, ""]}\n',
  'steps:\n- {name: a, image: b, commands: "x\\ny"}\n',
  fileWithSteps(['name: a, failure: ignore, detach: true, when: , environment: {A: b}']),
  fileWithSteps(['name: a', 'name: b, depends_on: a']),
  'steps: [{image: b}]\n',
  'steps: []\n',
  'steps:\n',
  `type: ssh\nserver: {host: x}\nsteps: [{name: a, group: g}]\n`,
  'kind: secret\nname: a\ndata: b\n',
  'kind: secret\nname: a\nget: {path: a/b, name: c}\n',
  `kind: signature\nhmac: ${'0a'.repeat(32)}\n`,
  'kind: cron\nname: a\nspec: {schedule: "0 4 * * 1-5", branch: main, deployment: {target: x}}\n',
  'kind: registry\ndata: {example.com: x}\n',
  `version: 1\nplatform: {os: linux, arch: arm, variant: v7, version: 1}\nsteps: [${STEP}]\n`,
  `node: {disk: ssd, size: 2}\nconcurrency: 2\nsteps: [${STEP}]\n`,
  `concurrency: {limit: 2, group: g, cancel_previous: true}\ntimeout: 1h30m\nsteps: [${STEP}]\n`,
  `image_pull_secrets: [a, b]\nresources: {cpu: 0.5, memory: 1g, pids: 9, disk: 5g}\nsteps: [${STEP}]\n`,
  `volumes: [{name: a, temp: }, {name: b, temp: {medium: memory, size_limit: 1g}}]\nsteps: [${STEP}]\n`,
  `environment: {A: {from_secret: b}}\nsteps: [${STEP}]\n`,
  `depends_on: [{name: x, optional: true}]\nsteps: [${STEP}]\n`,
  `services: [{name: db, image: b, ports: [1, 2/udp, {port: 3, protocol: tcp}]}]\nsteps: [${STEP}]\n`,
  fileWithSteps(['name: a, pull: if-not-exists, user: "0:0", working_dir: b, shell: bash']),
  fileWithSteps(['name: a, settings: {a: b, c: [d], e: {f: [g]}, h: {from_secret: i}, j: }']),
  fileWithSteps(['name: a, mem_limit: 1g, shm_size: 4096, dns: 192.0.2.1, dns_search: [a.b]']),
  fileWithSteps(['name: a, extra_hosts: ["a:192.0.2.1", "b:2001:db8::1"], network: none']),
  fileWithSteps(['name: a, timeout: 90s, retry: 2', 'name: b, retry: {count: 1, exit_codes: [7]}']),
  fileWithSteps(['name: a, detach: true, healthcheck: {command: x, interval: 1s, timeout: 500ms}']),
  fileWithSteps(['name: a, resources: {limits: {cpu: 500, memory: 1Gi}, requests: {cpu: 1}}']),
  'steps: [{name: a, image: b, command: [x, y], entrypoint: "sh -c \\"a b\\""}]\n',
]

/** What the schema refuses for the sake of who writes it, and the decoder only warns about. */
const WARNED = [
  `kind:\nsteps: [${STEP}]\n`,
  `name:\nsteps: [${STEP}]\n`,
  `oops: 1\nsteps: [${STEP}]\n`,
  `clone: {disable: yes}\nsteps: [${STEP}]\n`,
  'steps: [{name: a, image: b, commands: []}]\n',
  'steps: [{name: a, image: b, commands: [" ", ~]}]\n',
  fileWithSteps(['name: a, failure: always']),
  fileWithSteps(['name: a, failure: ']),
  fileWithSteps(['name: a, pull: true']),
  'kind: signature\nhmac: xyz\n',
]

const BAD = [
  '{}\n',
  '[]\n',
  'text\n',
  'steps: {a: b}\n',
  'steps: [a]\n',
  'steps: [~]\n',
  `kind: secret\nsteps: [${STEP}]\n`,
  `name: " "\nsteps: [${STEP}]\n`,
  `name: "a\\nb"\nsteps: [${STEP}]\n`,
  `name: ${'x'.repeat(256)}\nsteps: [${STEP}]\n`,
  `clone: true\nsteps: [${STEP}]\n`,
  `clone: {depth: 1.5}\nsteps: [${STEP}]\n`,
  `clone: {depth: -1}\nsteps: [${STEP}]\n`,
  `clone: {depth: 1e10}\nsteps: [${STEP}]\n`,
  `environment: [A=b]\nsteps: [${STEP}]\n`,
  `environment: {A: [b]}\nsteps: [${STEP}]\n`,
  `environment: {"A=": b}\nsteps: [${STEP}]\n`,
  `environment: {A: ${'x'.repeat(32 * 1024 + 1)}}\nsteps: [${STEP}]\n`,
  `trigger: [push]\nsteps: [${STEP}]\n`,
  `trigger: {branches: main}\nsteps: [${STEP}]\n`,
  `trigger: {branch: {includes: main}}\nsteps: [${STEP}]\n`,
  `trigger: {branch: [[main]]}\nsteps: [${STEP}]\n`,
  `trigger: {branch: ${'x'.repeat(513)}}\nsteps: [${STEP}]\n`,
  `depends_on: {a: b}\nsteps: [${STEP}]\n`,
  'steps: [{name: a, commands: [c]}]\n',
  'steps: [{name: a, image: b c, commands: [c]}]\n',
  'steps: [{name: a, image: b, commands: " "}]\n',
  'steps: [{name: a, image: b, commands: [[c]]}]\n',
  'steps: [{name: a, image: b, commands: {c: d}}]\n',
  fileWithSteps(['name: a, detach: 1']),
  fileWithSteps(['name: a, when: push']),
  fileWithSteps(['name: a, depends: [b]']),
  fileWithSteps(['name: a, failure: ignored']),
  fileWithSteps(['name: a, timeout: 90']),
  fileWithSteps(['name: a, timeout: soon']),
  fileWithSteps(['name: a, retry: -1']),
  fileWithSteps(['name: a, retry: {exit_codes: [0]}']),
  fileWithSteps(['name: a, user: "a b"']),
  fileWithSteps(['name: a, shell: "bash -e"']),
  fileWithSteps(['name: a, settings: [a]']),
  fileWithSteps(['name: a, settings: {"a=": b}']),
  fileWithSteps(['name: a, volumes: [{path: /x}]']),
  fileWithSteps(['name: a, volumes: [/x]']),
  fileWithSteps(['name: a, dns: [example]']),
  fileWithSteps(['name: a, network: host']),
  fileWithSteps(['name: a, resources: {cpu: fast}']),
  fileWithSteps(['name: a, resources: {pids: 0}']),
  fileWithSteps(['name: a, mem_limit: lots']),
  fileWithSteps(['name: a, ports: [x]']),
  fileWithSteps(['name: a, environment: {A: {from_secret: }}']),
  fileWithSteps(['name: a, entrypoint: {a: b}']),
  `node: [a]\nsteps: [${STEP}]\n`,
  `concurrency: 0\nsteps: [${STEP}]\n`,
  `timeout: 60\nsteps: [${STEP}]\n`,
  `volumes: {a: b}\nsteps: [${STEP}]\n`,
  'kind: secret\ndata: b\n',
  'kind: signature\n',
  'kind: cron\nname: a\nspec: {schedule: "@daily"}\n',
  'kind: registry\n',
]

describe('the JSON Schema', () => {
  it.each(GOOD)('accepts, like the decoder: %j', (source) => {
    expect([schemaAccepts(source), validate.errors]).toEqual([true, null])
    expect(compileText(source).diagnostics).not.toContainEqual(
      expect.objectContaining({ severity: 'error' }),
    )
  })

  it.each(BAD.map((source) => [source.slice(0, 90), source]))(
    'refuses, like the decoder: %j',
    (_shown, source) => {
      expect(schemaAccepts(source)).toBe(false)
      expect(decoderAccepts(source)).toBe(false)
    },
  )

  it.each(WARNED)('refuses what the decoder warns about: %j', (source) => {
    expect(schemaAccepts(source)).toBe(false)
    const { plan, diagnostics } = compileText(source)
    expect(plan).not.toBeNull()
    expect(diagnostics.map(({ severity }) => severity)).toContain('warning')
  })

  it('describes every key', () => {
    const undescribed: string[] = []
    const visit = (node: unknown, path: string): void => {
      if (typeof node !== 'object' || node === null) return
      for (const [key, value] of Object.entries(node)) {
        const isKey = path.endsWith('/properties') && !path.endsWith('/if/properties')
        if (isKey && !('description' in (value as object))) undescribed.push(`${path}/${key}`)
        visit(value, `${path}/${key}`)
      }
    }
    visit(pipelineJsonSchema(), '')
    expect(undescribed).toEqual([])
  })
})
