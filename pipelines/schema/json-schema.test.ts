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
  `clone: {disable: false, depth: 0}\nsteps: [${STEP}]\n`,
  `workspace: {base: /a, path: b}\nsteps: [${STEP}]\n`,
  `environment: {A: 1, B: true, C: , D: x, e.f-g: y}\nsteps: [${STEP}]\n`,
  `trigger: {branch: main, event: [push], ref: {include: [refs/**], exclude: x}}\nsteps: [${STEP}]\n`,
  `trigger: {status: , cron: [], repo: {include: , exclude: []}}\nsteps: [${STEP}]\n`,
  'steps:\n- {name: a, image: b, commands: [c, ~, 1, true, ""]}\n',
  'steps:\n- {name: a, image: b, commands: "x\\ny"}\n',
  fileWithSteps(['name: a, failure: ignore, detach: true, when: , environment: {A: b}']),
  fileWithSteps(['name: a', 'name: b, depends_on: a']),
]

const BAD = [
  '{}\n',
  '[]\n',
  'text\n',
  'steps: []\n',
  'steps:\n',
  'steps: {a: b}\n',
  'steps: [a]\n',
  'steps: [~]\n',
  `kind: secret\nsteps: [${STEP}]\n`,
  `kind:\nsteps: [${STEP}]\n`,
  `type: ssh\nsteps: [${STEP}]\n`,
  `type: exec\nsteps: [${STEP}]\n`,
  `name:\nsteps: [${STEP}]\n`,
  `name: " "\nsteps: [${STEP}]\n`,
  `name: "a\\nb"\nsteps: [${STEP}]\n`,
  `name: ${'x'.repeat(256)}\nsteps: [${STEP}]\n`,
  `oops: 1\nsteps: [${STEP}]\n`,
  `services: []\nsteps: [${STEP}]\n`,
  `clone: true\nsteps: [${STEP}]\n`,
  `clone: {disable: yes}\nsteps: [${STEP}]\n`,
  `clone: {depth: 1.5}\nsteps: [${STEP}]\n`,
  `clone: {depth: -1}\nsteps: [${STEP}]\n`,
  `clone: {depth: 1e10}\nsteps: [${STEP}]\n`,
  `clone: {retries: 1}\nsteps: [${STEP}]\n`,
  `environment: [A=b]\nsteps: [${STEP}]\n`,
  `environment: {A: [b]}\nsteps: [${STEP}]\n`,
  `environment: {A: {from_secret: b}}\nsteps: [${STEP}]\n`,
  `environment: {"A=": b}\nsteps: [${STEP}]\n`,
  `environment: {A: ${'x'.repeat(32 * 1024 + 1)}}\nsteps: [${STEP}]\n`,
  `trigger: [push]\nsteps: [${STEP}]\n`,
  `trigger: {branches: main}\nsteps: [${STEP}]\n`,
  `trigger: {paths: [a]}\nsteps: [${STEP}]\n`,
  `trigger: {branch: {includes: main}}\nsteps: [${STEP}]\n`,
  `trigger: {branch: [[main]]}\nsteps: [${STEP}]\n`,
  `trigger: {branch: ${'x'.repeat(513)}}\nsteps: [${STEP}]\n`,
  `depends_on: {a: b}\nsteps: [${STEP}]\n`,
  'steps: [{image: b, commands: [c]}]\n',
  'steps: [{name: a, commands: [c]}]\n',
  'steps: [{name: a, image: b}]\n',
  'steps: [{name: a, image: b c, commands: [c]}]\n',
  'steps: [{name: a, image: b, commands: []}]\n',
  'steps: [{name: a, image: b, commands: [" ", ~]}]\n',
  'steps: [{name: a, image: b, commands: " "}]\n',
  'steps: [{name: a, image: b, commands: [[c]]}]\n',
  'steps: [{name: a, image: b, commands: {c: d}}]\n',
  fileWithSteps(['name: a, failure: always']),
  fileWithSteps(['name: a, failure: ']),
  fileWithSteps(['name: a, detach: 1']),
  fileWithSteps(['name: a, settings: {a: b}']),
  fileWithSteps(['name: a, when: push']),
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
