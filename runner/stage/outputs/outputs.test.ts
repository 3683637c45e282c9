import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  makeJob,
  openTestHost,
  runJob,
  service,
  step,
  type TestHost,
} from '../../testing/stages.js'
import { OUTPUT_NAMES_MAX, parseOutputs } from './parse-outputs.js'

describe('parseOutputs', () => {
  it('reads names with values, and values of several lines', () => {
    const text = 'A=1\n\nB=a=b << c\nC<<END\none\n\nA=2\nEND\nA=3\nD<<X\nX\n'
    expect(parseOutputs(text)).toEqual({
      values: { A: '3', B: 'a=b << c', C: 'one\n\nA=2', D: '' },
      problems: [],
    })
  })

  it('tells what it refuses, by line and without values', () => {
    const { values, problems } = parseOutputs('secret\n2X=s3cret\nGOOD=1\nBAD<<END\ns3cret\n')
    expect(values).toEqual({ GOOD: '1' })
    expect(problems).toEqual([
      'line 1: is no NAME=VALUE',
      'line 2: is no NAME=VALUE',
      'line 4: the end of its value is missing',
    ])
  })

  it.each([
    ...['PATH', 'HOME', 'SHELL', 'IFS', 'ENV', 'BASH_ENV', 'CI', 'LD_PRELOAD', 'LD_LIBRARY_PATH'],
    ...['CI_COMMIT_SHA', 'DRONE', 'DRONE_BRANCH', 'SANDPIPER_OUTPUT', 'PLUGIN_TARGET'],
    ...['NODE_OPTIONS', 'NPM_CONFIG_REGISTRY', 'npm_config_registry', 'PYTHONPATH', 'PERL5OPT'],
    ...['RUBYOPT', 'JAVA_TOOL_OPTIONS', '_JAVA_OPTIONS', 'JDK_JAVA_OPTIONS', 'GIT_SSH_COMMAND'],
    ...['SSH_AUTH_SOCK', 'SSL_CERT_FILE', 'CURL_CA_BUNDLE', 'OPENSSL_CONF', 'GLIBC_TUNABLES'],
    ...[
      'GCONV_PATH',
      'MALLOC_TOP_PAD_',
      'DOCKER_HOST',
      'BASH_FUNC_x',
      'BASHOPTS',
      'LC_ALL',
      'LANG',
    ],
    ...['http_proxy', 'HTTPS_PROXY', 'NO_PROXY', 'DYLD_INSERT_LIBRARIES', 'USER', 'SHELLOPTS'],
    ...['PS1', 'PS4', 'PROMPT_COMMAND', 'CDPATH', 'TMPDIR', 'NLSPATH', 'LOCPATH', 'TERMINFO'],
    ...['EDITOR', 'PAGER', 'VISUAL', 'BROWSER', '__proto__', 'SANDPIPER'],
  ])('refuses %s', (name) => {
    expect(parseOutputs(`${name}=x\n`)).toEqual({
      values: {},
      problems: [`line 1: ${name} may not be set by an output`],
    })
  })

  it.each(['PATHS', 'MY_PATH', 'LANGS', 'VERSION', 'CIRCLE', 'HOME_PAGE', 'constructor', 'USERS'])(
    'takes %s',
    (name) => {
      expect(Object.entries(parseOutputs(`${name}=x\n`).values)).toEqual([[name, 'x']])
    },
  )

  it('refuses names of the build, and what is no name', () => {
    const { values, problems } = parseOutputs('A=1\nB-C=2\nÄ=3\nD=4\n', new Set(['A']))
    expect(values).toEqual({ D: '4' })
    expect(problems).toEqual([
      'line 1: A may not be set by an output',
      'line 2: is no NAME=VALUE',
      'line 3: is no NAME=VALUE',
    ])
  })

  it('keeps to the number of names and tells a bounded part of what is wrong', () => {
    const many = Array.from({ length: OUTPUT_NAMES_MAX + 100 }, (_, at) => `N${at}=x`).join('\n')
    const { values, problems } = parseOutputs(many)
    expect(Object.keys(values)).toHaveLength(OUTPUT_NAMES_MAX)
    expect(problems).toHaveLength(21)
    expect(problems.at(-1)).toBe('and 80 more')
  })

  it('takes anything and gives what can be in an environment', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        for (const [name, value] of Object.entries(parseOutputs(text).values)) {
          expect(name).toMatch(/^[A-Za-z_]\w*$/)
          expect(value).not.toContain('\0')
        }
      }),
    )
  })

  it('reads a file full of open values in time that grows with its size', () => {
    const text = 'A<<B\n'.repeat(13_000)
    const before = performance.now()
    parseOutputs(text)
    expect(performance.now() - before).toBeLessThan(500)
  })
})

describe('outputs of steps', () => {
  let host: TestHost

  beforeAll(async () => {
    host = await openTestHost()
  })

  afterAll(() => host.remove())

  it('are variables of the steps that depend on them, and of no others', async () => {
    const give = (name: string, line: string): ReturnType<typeof step> =>
      step(name, [`echo '${line}' >> "$SANDPIPER_OUTPUT"`])
    const steps = [
      give('one', 'A=first'),
      give('other', 'B=hidden'),
      step('two', ['echo "[$A]"', 'echo B=second >> $SANDPIPER_OUTPUT'], { dependsOn: ['one'] }),
      step('three', ['echo "[$A $B $C]"'], {
        dependsOn: ['two', 'other'],
        environment: { C: 'own' },
      }),
      step('four', ['echo "[$A]"'], { dependsOn: ['one'], environment: { A: 'mine' } }),
      step('apart', ['echo "[$A]"'], { dependsOn: ['other'] }),
    ]
    const plan = { environment: { A: 'stage', C: 'stage' } }
    const { sink, outcome } = await runJob(host, makeJob(steps, { plan }))
    expect(outcome.status).toBe('success')
    expect(sink.log('one')).toContain('[sandpiper] outputs: A\n')
    expect(sink.log('two')).toContain('\n[first]\n')
    expect(sink.log('three')).toContain('\n[first second own]\n')
    expect(sink.log('four')).toContain('\n[mine]\n')
    expect(sink.log('apart')).toContain('\n[stage]\n')
  })

  it('come from failed steps too, and name what was refused', async () => {
    const steps = [
      step('fail', ['printf "WHY=a<<b\\nPATH=/evil\\nrubbish\\n" > $SANDPIPER_OUTPUT', 'exit 1']),
      step('mail', ['echo "[$WHY]"'], {
        dependsOn: ['fail'],
        runOn: { success: false, failure: true },
      }),
    ]
    const { sink } = await runJob(host, makeJob(steps))
    expect(sink.log('mail')).toContain('\n[a<<b]\n')
    expect(sink.log('fail')).toContain(
      '[sandpiper] warning: outputs: line 2: PATH may not be set by an output\n',
    )
    expect(sink.log('fail')).toContain('[sandpiper] warning: outputs: line 3: is no NAME=VALUE\n')
  })

  it('do not take the place of variables of the build', async () => {
    const steps = [
      step('give', ['echo TARGET=evil > $SANDPIPER_OUTPUT']),
      step('use', ['echo "[$TARGET]"'], { dependsOn: ['give'] }),
    ]
    const { sink } = await runJob(host, makeJob(steps, { environment: { TARGET: 'prod' } }))
    expect(sink.log('use')).toContain('\n[prod]\n')
    expect(sink.log('give')).toContain('outputs: line 1: TARGET may not be set by an output\n')
  })

  it('are not read from detached steps', async () => {
    const steps = [
      service('db', ['echo A=1 > $SANDPIPER_OUTPUT; touch up', 'sleep 1000']),
      step('use', ['while [ ! -e up ]; do sleep 0.01; done', 'echo "[$A]"'], { dependsOn: ['db'] }),
      step('late', ['echo "[$A]"'], { dependsOn: ['db', 'use'] }),
    ]
    const { sink } = await runJob(host, makeJob(steps))
    expect(sink.log('late')).toContain('\n[]\n')
  })

  it.each([
    ['a link', 'ln -sf /etc/passwd $SANDPIPER_OUTPUT'],
    ['a pipe', 'mkfifo $SANDPIPER_OUTPUT'],
    ['another file', 'echo A=evil > /tmp/x; mv /tmp/x $SANDPIPER_OUTPUT'],
    ['a mount', 'mount -t tmpfs none /run/sandpiper'],
    ['its directory', 'mv /run/sandpiper /run/other; mkdir /run/sandpiper'],
  ])('are not read from %s that takes the place of the file', async (_, trick) => {
    const steps = [
      step('trick', [
        'echo A=true > $SANDPIPER_OUTPUT',
        `rm -f $SANDPIPER_OUTPUT || true\n(${trick}) || true`,
      ]),
      step('use', ['echo "[$A]"'], { dependsOn: ['trick'] }),
    ]
    const { sink } = await runJob(host, makeJob(steps))
    expect(sink.results.get('trick')!.status).toBe('success')
    expect(sink.log('use')).toContain('\n[true]\n')
  })

  it('are not read when there is too much of them', async () => {
    const steps = [
      step('huge', ['echo A=1 > $SANDPIPER_OUTPUT', 'truncate -s 100G $SANDPIPER_OUTPUT']),
      step('use', ['echo "[$A]"'], { dependsOn: ['huge'] }),
    ]
    const { sink } = await runJob(host, makeJob(steps))
    expect(sink.log('huge')).toContain(
      '[sandpiper] warning: outputs: the file has more than 65536 bytes\n',
    )
    expect(sink.log('use')).toContain('\n[]\n')
  })

  it('take no disk of the host, and 1 MiB of memory at most', async () => {
    const fill = 'head -c 2000000 /dev/zero > $SANDPIPER_OUTPUT || wc -c $SANDPIPER_OUTPUT'
    const { sink } = await runJob(host, makeJob([step('fill', [fill])]))
    expect(sink.results.get('fill')!.status).toBe('success')
    expect(sink.log('fill')).toMatch(/No space left on device|I\/O error/)
    expect(sink.log('fill')).toContain('\n1048576 /run/sandpiper/output\n')
    expect(sink.log('fill')).toContain('outputs: the file has more than 65536 bytes\n')
  })

  it('come from a step that the runner has killed, too', async () => {
    const steps = [
      step('slow', ['echo A=1 > $SANDPIPER_OUTPUT', 'sleep 1000'], { timeoutMs: 500 }),
      step('use', ['echo "[$A]"'], {
        dependsOn: ['slow'],
        runOn: { success: false, failure: true },
      }),
    ]
    const { sink } = await runJob(host, makeJob(steps))
    expect(sink.results.get('slow')!.status).toBe('killed')
    expect(sink.log('use')).toContain('\n[1]\n')
  })

  it('can be written by any user of the step', async () => {
    const steps = [
      step('give', ['echo A=1 > $SANDPIPER_OUTPUT'], { user: '1000' }),
      step('use', ['echo "[$A]"'], { dependsOn: ['give'] }),
    ]
    const { sink } = await runJob(host, makeJob(steps))
    expect(sink.log('use')).toContain('\n[1]\n')
  })
})
