import { describe, expect, it } from '@jest/globals'
import type { SandboxStep } from '../plan.js'
import { compileText, fileWithSteps, problemsOf, stageOf } from '../testing/compile.js'

/** The only step of a source, the checkout left out. */
function stepOf(body: string, top = ''): SandboxStep {
  const source = `${top}steps:\n- {name: a, image: alpine, ${body}}\n`
  const step = stageOf(source).steps.find(({ name }) => name === 'a')
  if (step === undefined || step.kind === 'clone') throw new Error('no step')
  return step
}

describe('what a step runs', () => {
  it.each<[string, object]>([
    ['commands: make', { kind: 'commands', commands: ['make'] }],
    ['settings: {a: b}', { kind: 'entrypoint', environment: { PLUGIN_A: 'b' } }],
    ['commands: make, settings: {a: b}', { kind: 'commands', environment: { PLUGIN_A: 'b' } }],
    ['pull: never', { kind: 'entrypoint', pull: 'never' }],
    ['command: [a, b c]', { kind: 'entrypoint', command: ['a', 'b c'] }],
    [`entrypoint: 'a "b c" d\\ e'`, { kind: 'entrypoint', entrypoint: ['a', 'b c', 'd e'] }],
    ['commands: x, shell: bash', { shell: '/bin/bash' }],
    ['commands: x, shell: /usr/bin/zsh', { shell: '/usr/bin/zsh' }],
  ])('by %s', (body, expected) => {
    expect(stepOf(body)).toMatchObject(expected)
  })

  it('is told when keys of two ways are mixed', () => {
    expect(problemsOf(fileWithSteps(['name: a, command: x', 'name: b, entrypoint: [y]']))).toEqual([
      '3:57 SP_PIPELINE_NO_EFFECT `command` has no effect beside `commands`',
      '4:60 SP_PIPELINE_NO_EFFECT `entrypoint` has no effect beside `commands`',
    ])
    expect(problemsOf('steps: [{name: a, image: b, shell: bash}]\n')).toEqual([
      '1:36 SP_PIPELINE_NO_EFFECT `shell` has no effect without `commands`',
    ])
  })

  it('is refused when a quote is left open', () => {
    expect(problemsOf(`steps: [{name: a, image: b, command: "a 'b"}]\n`)).toEqual([
      "1:38 SP_PIPELINE_VALUE `command` has a quote without an end: `a 'b`",
    ])
  })
})

describe('settings', () => {
  it.each<[string, string | undefined]>([
    ['1.10', '1.10'],
    ['0x1F', '0x1F'],
    ['True', 'true'],
    ['yes', 'yes'],
    ['""', undefined],
    ['~', undefined],
    ['[]', undefined],
    ['[a, 1.10, ~, true]', 'a,1.10,,true'],
    ['[[a], b]', '[["a"],"b"]'],
    ['[{z: 1, a: .inf}]', '[{"a":".inf","z":1}]'],
    ['{b: 0x1F, a: 12345678901234567890}', '{"a":12345678901234567890,"b":31}'],
    ['{a: "q\\"", b: ~}', '{"a":"q\\"","b":null}'],
  ])('%s reaches the plugin as %s', (value, expected) => {
    expect(stepOf(`settings: {x: ${value}}`).environment['PLUGIN_X']).toBe(expected)
  })

  it('win over variables, and secrets among them too', () => {
    const step = stepOf(
      'environment: {PLUGIN_A: x, PLUGIN_B: {from_secret: y}}, settings: {a: {from_secret: s}, b: t}',
    )
    expect(step).toMatchObject({ environment: { PLUGIN_B: 't' }, secrets: { PLUGIN_A: 's' } })
    expect(step.environment).not.toHaveProperty('PLUGIN_A')
  })

  it('can have secrets inside of lists and mappings', () => {
    const step = stepOf(
      'settings: {tags: [a, {from_secret: t}], logins: [{registry: r, password: {from_secret: p}}], plain: [a, b]}',
    )
    expect(step.environment).toEqual({ PLUGIN_PLAIN: 'a,b' })
    expect(step.secretTexts).toEqual({
      PLUGIN_TAGS: [{ text: 'a,' }, { secret: 't' }],
      PLUGIN_LOGINS: [
        { text: '[{"password":' },
        { secret: 'p', json: true },
        { text: ',"registry":"r"}]' },
      ],
    })
    expect(step).not.toHaveProperty('secrets')
    const many = Array.from({ length: 51 }, () => '{from_secret: p}').join(', ')
    expect(problemsOf(fileWithSteps([`name: a, settings: {x: [${many}]}`]))).toEqual([
      expect.stringContaining('`x` holds more than 50 secrets'),
    ])
  })

  it('have bounds: an alias can repeat a text without end, or nest without end', () => {
    const long = `a: &a [${'x'.repeat(1000)}]\n`
    const list = `steps: [{name: a, image: b, settings: {x: [${'*a,'.repeat(100)}]}}]\n`
    expect(problemsOf(long + list)).toEqual([
      expect.stringContaining('`x` is longer than 32768 characters'),
    ])
    const levels = ['a0: &a0 [x]']
    for (let level = 1; level < 4; level++) {
      levels.push(`a${level}: &a${level} ${'['.repeat(30)}*a${level - 1}${']'.repeat(30)}`)
    }
    const deep = `${levels.join('\n')}\nsteps: [{name: a, image: b, settings: {x: *a3}}]\n`
    expect(problemsOf(deep)).toEqual([
      expect.stringContaining('`x` is nested more than 64 levels deep'),
    ])
  })
})

describe('secrets', () => {
  it('of the pipeline reach every step that has no variable of the name', () => {
    const top = 'environment: {A: {from_secret: a}, B: {from_secret: b}, C: c}\n'
    const step = stepOf('environment: {A: mine, D: {from_secret: d}}', top)
    expect(step.environment).toEqual({ A: 'mine' })
    expect(step.secrets).toEqual({ B: 'b', D: 'd' })
  })

  it('stand inside of lists and mappings of variables, also those of the pipeline', () => {
    const top = 'environment: {A: [x, {from_secret: a}]}\n'
    const step = stepOf('environment: {B: {k: {from_secret: b}}}', top)
    expect(step.secretTexts).toEqual({
      A: [{ text: 'x,' }, { secret: 'a' }],
      B: [{ text: '{"k":' }, { secret: 'b', json: true }, { text: '}' }],
    })
  })

  it('are absent where there are none', () => {
    expect(stepOf('commands: x')).not.toHaveProperty('secrets')
  })

  it('on many steps are bounded', () => {
    const secrets = Array.from({ length: 2000 }, (_, index) => `K${index}: {from_secret: some}`)
    const steps = Array.from({ length: 5000 }, (_, index) => `  - {name: s${index}, image: a}\n`)
    const source = `environment: {${secrets.join(', ')}}\nsteps:\n${steps.join('')}`
    expect(compileText(source).diagnostics).toMatchObject([{ code: 'SP_PIPELINE_TOO_LARGE' }])
  })
})

describe('limits of a step', () => {
  it.each<[string, string, object | undefined]>([
    ['', '', undefined],
    ['resources: {cpu: 2, memory: 1g}\n', '', { cpus: 2, memoryBytes: 2 ** 30 }],
    ['resources: {cpu: 2, memory: 1g}\n', 'mem_limit: 512m', { cpus: 2, memoryBytes: 2 ** 29 }],
    ['resources: {pids: 5}\n', 'resources: {pids: 6, disk: 1Gi}', { pids: 6, diskBytes: 2 ** 30 }],
    ['', 'resources: {cpu: 250m}', { cpus: 0.25 }],
    ['', 'resources: {limits: {cpu: 1500, memory: 64MiB}}', { cpus: 1.5, memoryBytes: 2 ** 26 }],
    ['', 'resources: {limits: {cpu: 500m}, requests: {cpu: 1}}', { cpus: 0.5 }],
    ['', 'mem_limit: 1073741824', { memoryBytes: 2 ** 30 }],
    ['', 'mem_limit: 1.5GB', { memoryBytes: 1.5 * 2 ** 30 }],
  ])('with %j and %j are %j', (top, body, expected) => {
    expect(stepOf(body === '' ? 'pull: never' : body, top).resources).toEqual(expected)
  })

  it('are refused when they are none', () => {
    const bodies = [
      'mem_limit: 1x',
      'resources: {cpu: 0}',
      'resources: {memory: 5}',
      'shm_size: -1',
    ]
    for (const body of bodies) {
      expect(problemsOf(fileWithSteps([`name: a, ${body}`]))).toEqual([
        expect.stringContaining('SP_PIPELINE_VALUE'),
      ])
    }
  })

  it('have one that counts where two say something', () => {
    const source = fileWithSteps(['name: a, mem_limit: 1g, resources: {memory: 2g}'])
    expect(problemsOf(source)).toEqual([
      '3:59 SP_PIPELINE_NO_EFFECT `mem_limit` has no effect beside the `memory` of `resources`',
    ])
    expect(problemsOf(fileWithSteps(['name: a, memswap_limit: 1g']))).toEqual([
      '3:63 SP_PIPELINE_NO_EFFECT `memswap_limit` has no effect: steps have no swap',
    ])
  })
})

describe('times', () => {
  it.each([
    ['90s', 90_000],
    ['10m', 600_000],
    ['1h30m', 5_400_000],
    ['1.5s', 1500],
    ['250ms', 250],
    ['2d', 172_800_000],
  ])('%s is %d ms', (written, expected) => {
    expect(stepOf(`timeout: ${written}`).timeoutMs).toBe(expected)
  })

  it.each(['90', '0s', '1y', '-1s', '10 m', '1000d', '1m 5s', '.5s'])(
    '%s is refused',
    (written) => {
      expect(problemsOf(fileWithSteps([`name: a, timeout: ${written}`]))).toHaveLength(1)
    },
  )

  it('without unit have the hint', () => {
    expect(compileText(fileWithSteps(['name: a, timeout: 90'])).diagnostics).toMatchObject([
      { code: 'SP_PIPELINE_VALUE', hint: 'write `90s` or `90m`' },
    ])
  })
})

describe('retries and readiness', () => {
  it.each<[string, object | undefined]>([
    ['retry: 2', { count: 2, backoffMs: 1000 }],
    ['retry: 0', undefined],
    ['retry: {}', { count: 1, backoffMs: 1000 }],
    ['retry: {count: 3, backoff: 0s, exit_codes: 7}', { count: 3, backoffMs: 0, exitCodes: [7] }],
  ])('%s', (body, expected) => {
    expect(stepOf(body).retry).toEqual(expected)
  })

  it.each<[string, object | undefined]>([
    ['detach: true, ports: [53/udp, "8080:80"]', { port: 80, implied: true }],
    ['detach: true, ports: [{port: 53, protocol: udp}]', undefined],
    ['detach: true, ports: [1], healthcheck: {command: [a, b]}', { command: ['a', 'b'] }],
    ['detach: true, healthcheck: {port: 1, retries: 2}', { port: 1, retries: 2 }],
    ['ports: [1]', undefined],
    ['healthcheck: {port: 1}', undefined],
  ])('%s', (body, expected) => {
    const { healthcheck } = stepOf(body)
    if (expected === undefined) expect(healthcheck).toBeUndefined()
    else expect(healthcheck).toMatchObject(expected)
  })

  it('need one way to find out', () => {
    const problems = ['{}', '{port: 1, command: x}'].map((check) =>
      problemsOf(fileWithSteps([`name: a, detach: true, healthcheck: ${check}`])),
    )
    expect(problems).toEqual([
      [expect.stringContaining('`healthcheck` needs one of `command` and `port`')],
      [expect.stringContaining('`healthcheck` needs only one of `command` and `port`')],
    ])
  })
})

describe('networks of steps', () => {
  it('may be a list of what is reached outside', () => {
    const body = 'commands: x, network: { allow: ["example.com:443", 10.0.0.0/8] }'
    expect(stepOf(body).network).toEqual({ allow: ['example.com:443', '10.0.0.0/8'] })
    expect(stepOf('commands: x, network: { allow: [] }').network).toEqual({ allow: [] })
    expect(stepOf('commands: x, network: {}').network).toBeUndefined()
  })

  it('have no destination that is none, and say where it stands', () => {
    const body = 'name: a, network: { allow: ["*.example.com", 10.0.0.0/40] }'
    const problems = problemsOf(fileWithSteps([body]))
    expect(problems).toEqual([
      expect.stringMatching(/^3:67 .*`\*\.example\.com` has a wildcard/),
      expect.stringMatching(/^3:84 .*`10\.0\.0\.0\/40` has a prefix length/),
    ])
  })

  it.each<[string, string | undefined, number]>([
    ['network: none', 'none', 0],
    ['network: default', undefined, 0],
    ['network_mode: none', 'none', 0],
    ['network_mode: bridge', undefined, 0],
    ['network_mode: host', undefined, 1],
    ['network_mode: "container:x"', undefined, 1],
  ])('%s', (body, network, demands) => {
    const stage = stageOf(fileWithSteps([`name: a, ${body}`]))
    expect(stage.steps[1]).toEqual(
      expect.objectContaining(network === undefined ? {} : { network }),
    )
    expect(stage.demands ?? []).toHaveLength(demands)
  })

  it.each(['a', 'a:b', ':192.0.2.1', 'a b:192.0.2.1', '"-x:192.0.2.1"'])(
    'refuse %s among the extra hosts',
    (entry) => {
      const source = fileWithSteps([`name: a, extra_hosts: [${entry}]`])
      expect(problemsOf(source)).toEqual([expect.stringContaining('SP_PIPELINE_VALUE')])
    },
  )
})
