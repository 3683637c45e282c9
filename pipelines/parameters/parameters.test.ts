import { describe, expect, it } from '@jest/globals'
import type { BuildEvent } from '../event.js'
import { compilePipeline } from '../index.js'
import {
  commandsSteps,
  compileText,
  fileOf,
  planOf,
  problemsOf,
  stageOf,
} from '../testing/compile.js'
import { pushInput } from '../testing/events.js'

const DEPLOY = `kind: pipeline
type: exec
parameters:
  environment: { type: choice, options: [staging, production], default: staging }
  replicas: { type: integer, minimum: 1, maximum: 20, default: 2 }
  dry_run: { type: boolean, default: false }
  version: { type: string, required: true, pattern: '^v[0-9]+$', description: What to deploy }
steps:
  - name: deploy
    commands: ["echo \${environment}"]
    when:
      evaluate: environment == "production" and int(replicas) > 2
  - name: always
    commands: [make]
`

const VERSION = { version: 'v1' }

function byHand(params: Record<string, string>, text = DEPLOY) {
  return compileText(text, { event: 'custom', params })
}

function refusals(params: Record<string, string>, facts: Partial<BuildEvent> = {}) {
  const { diagnostics } = compileText(DEPLOY, { event: 'custom', params, ...facts })
  return diagnostics.map(({ start, code, message, hint }) => ({
    line: start.line,
    code,
    message,
    hint,
  }))
}

/** A file with these declarations. */
function declaring(lines: string): string {
  return `kind: pipeline\ntype: exec\nparameters:\n${lines}steps:\n  - {name: a, commands: [make]}\n`
}

describe('values of parameters', () => {
  it('have their defaults for every event, and are variables of conditions and of ${}', () => {
    const { event, plan } = compileText(DEPLOY)
    expect(event.params).toEqual({ environment: 'staging', replicas: '2', dry_run: 'false' })
    expect(plan?.stages[0]?.leftOut).toHaveLength(1)
    const given = byHand({ ...VERSION, environment: 'production', replicas: '3' })
    const [stage] = given.plan!.stages
    expect(commandsSteps(stage!)['deploy']?.commands).toEqual(['echo production'])
  })

  it('reach steps as they are meant, however they were written', () => {
    const { event } = byHand({ ...VERSION, replicas: '+007', dry_run: 'TRUE' })
    expect(event.params).toEqual({
      environment: 'staging',
      replicas: '7',
      dry_run: 'true',
      version: 'v1',
    })
    expect(byHand({ ...VERSION, replicas: '' }).event.params['replicas']).toBe('2')
  })

  it.each([
    [
      { replicas: '21' },
      'the parameter `replicas` is `21`, but it must be a whole number from 1 to 20',
      5,
    ],
    [
      { replicas: '2.5' },
      'the parameter `replicas` is `2.5`, but it must be a whole number from 1 to 20',
      5,
    ],
    [{ dry_run: 'yes' }, 'the parameter `dry_run` is `yes`, but it must be `true` or `false`', 6],
    [
      { version: '1.0' },
      'the parameter `version` is `1.0`, but it must match the pattern `^v[0-9]+$`',
      7,
    ],
  ])('are refused when they do not fit: %j', (params, message, line) => {
    expect(refusals({ ...VERSION, ...params })).toMatchObject([
      { code: 'SP_PIPELINE_PARAMETER', message, line },
    ])
  })

  it('are refused with the nearest option, or the nearest name', () => {
    expect(refusals({ ...VERSION, environment: 'prodution' })).toMatchObject([
      {
        message:
          'the parameter `environment` is `prodution`, but it must be one of `staging`, `production`',
        hint: 'did you mean `production`?',
      },
    ])
    expect(refusals({ ...VERSION, enviroment: 'staging' })).toMatchObject([
      {
        line: 3,
        message: 'the pipeline file declares no parameter `enviroment`',
        hint: 'did you mean `environment`?',
      },
    ])
  })

  it('are asked for where somebody could give them, and nowhere else', () => {
    const missing = 'the parameter `version` is required, and was not given'
    for (const event of ['custom', 'promote', 'rollback'] as const) {
      expect(refusals({}, { event })).toMatchObject([
        { message: missing, hint: 'give version=VALUE, a string: What to deploy' },
      ])
    }
    for (const event of ['push', 'cron', 'tag', 'pull_request'] as const) {
      expect(refusals({}, { event })).toEqual([])
    }
    expect(refusals({ version: '' })).toMatchObject([{ message: missing }])
  })

  it('are anything where nothing is declared', () => {
    const text = declaring('').replace('parameters:\n', '')
    expect(byHand({ LEVEL: '3' }, text).event.params).toEqual({ LEVEL: '3' })
    const drone = compilePipeline([fileOf(text, '.drone.yml')], pushInput({ params: { A: '1' } }))
    expect(drone.event.params).toEqual({ A: '1' })
  })

  it('end in bounded time, whatever the pattern', () => {
    const text = declaring(`  a: { pattern: '^(([a-z])+.)+[A-Z]([a-z])+$' }\n`)
    expect(byHand({ a: 'a'.repeat(4096) }, text).diagnostics).toMatchObject([
      { code: 'SP_PIPELINE_PARAMETER' },
    ])
  })
})

describe('parameters of several pipelines', () => {
  const two = (second: string) =>
    `${declaring('  level: { type: integer, default: 1 }\n')}---\n` +
    `kind: pipeline\ntype: exec\nname: other\n${second}steps:\n  - {name: b, commands: ['echo \${level}']}\n`

  it('are of the build: each pipeline sees all of them', () => {
    const { stages, parameters } = planOf(two('parameters:\n  mood:\n'), {
      event: 'custom',
      params: { level: '5', mood: 'good' },
    })
    expect(commandsSteps(stages[1]!)['b']?.commands).toEqual(['echo 5'])
    expect(parameters).toEqual([
      { name: 'level', type: 'integer', default: '1' },
      { name: 'mood', type: 'string' },
    ])
  })

  it('are declared once', () => {
    expect(problemsOf(two('parameters: { level: { type: string } }\n'))).toEqual([
      '11:15 SP_PIPELINE_DUPLICATE_NAME the parameter `level` is declared at .pipeline.yml:4:3 already',
    ])
  })

  it('are declared once by a pipeline with a matrix', () => {
    const text = `${declaring('  level: { default: 1 }\n')}matrix: { GO: [1.21, 1.22] }\n`
    expect(problemsOf(text)).toEqual([])
    expect(planOf(text).stages).toHaveLength(2)
  })
})

describe('declarations of parameters', () => {
  it.each([
    ['  DRONE_TAG:\n', 'the parameter `DRONE_TAG` is a name that Sandpiper itself sets'],
    ['  ci_x:\n', 'the parameter `ci_x` is a name that Sandpiper itself sets'],
    ['  a-b:\n', 'the parameter `a-b` is no name of a variable'],
    ['  a: { type: choice }\n', 'a choice needs at least one of `options`'],
    ['  a: { options: [x] }\n', '`options` says nothing of a string'],
    ['  a: { type: boolean, minimum: 1 }\n', '`minimum` says nothing of a boolean'],
    ['  a: { type: choice, options: [x, x] }\n', '`x` is among the options twice'],
    [
      '  a: { type: integer, minimum: 3, maximum: 2 }\n',
      '`minimum` is 3, more than `maximum`, which is 2',
    ],
    [
      '  a: { type: boolean, default: yes }\n',
      '`default` is `yes`, but it must be `true` or `false`',
    ],
    ['  a: { default: "${DRONE_BRANCH}" }\n', '`${}` is not replaced in a `default`'],
    [
      '  a: { default: x, required: true }\n',
      'a parameter with a `default` is never missing, so `required` says nothing',
    ],
    [
      '  a: { pattern: "[" }\n',
      "`pattern` can't be used: a regular expression is malformed: error parsing regexp: missing closing ]: `[`",
    ],
    [
      '  a: { pattern: "(x{50}){50}" }\n',
      "`pattern` can't be used: a regular expression repeats too much",
    ],
  ])('are refused when nothing could come of them: %s', (lines, message) => {
    const { diagnostics, plan } = compileText(declaring(lines))
    expect(plan).toBeNull()
    expect(diagnostics).toMatchObject([{ code: 'SP_PIPELINE_PARAMETER', message }])
  })

  it('are bounded in number and in length', () => {
    const many = Array.from({ length: 101 }, (_, n) => `  a${n}:\n`).join('')
    expect(compileText(declaring(many)).diagnostics).toMatchObject([
      { code: 'SP_PIPELINE_TOO_LARGE' },
    ])
    const long = Array.from({ length: 20 }, (_, n) => `  a${n}: { default: ${'x'.repeat(4000)} }\n`)
    expect(compileText(declaring(long.join(''))).diagnostics).toMatchObject([
      { code: 'SP_PIPELINE_TOO_LARGE' },
    ])
  })

  it('take what stands in them as it is', () => {
    expect(stageOf(declaring('  a: { description: "for ${NOBODY}" }\n')).steps).toHaveLength(2)
  })

  it('tell of a mistyped key', () => {
    expect(problemsOf(declaring('  a: { defualt: x }\n'))).toEqual([
      '4:8 SP_PIPELINE_UNKNOWN_KEY unknown key `defualt`',
    ])
  })
})
