import { describe, expect, it } from '@jest/globals'
import { evaluateText } from '../testing/evaluated.js'

const config = (text: string, options = {}) => evaluateText(`FROM a\n${text}`, options).config
const action = (text: string, options = {}) =>
  evaluateText(`FROM a\n${text}`, options).actions.at(-1)

describe('evaluate', () => {
  it('lets every name of one ENV see what was there before it', () => {
    expect(config('ENV A=1 B="x $A"\nENV A=2 C=$A D=$B\nENV E the  rest $A').Env).toEqual([
      'A=2',
      'B=x ',
      'C=1',
      'D=x ',
      'E=the  rest 2',
    ])
  })

  it('has arguments by what was given, their default, and what stands before FROM', () => {
    const text =
      'ARG V=1\nARG W=$V-w\nFROM a\nARG V\nARG W\nARG X=${W}x\nARG NONE\nENV ALL="$V $W $X $NONE"'
    expect(evaluateText(text).config.Env).toEqual(['ALL=1 1-w 1-wx '])
    const given = evaluateText(text, { args: { V: '2', X: 'y', OTHER: 'z' } })
    expect(given.config.Env).toEqual(['ALL=2 2-w y '])
    expect(given.unused).toEqual(['OTHER'])
  })

  it('lets a variable win over an argument of its name', () => {
    expect(config('ENV A=env\nARG A=arg\nENV B=$A', { args: { A: 'given' } }).Env).toEqual([
      'A=env',
      'B=env',
    ])
  })

  it('does not show an argument that the stage does not declare', () => {
    expect(evaluateText('ARG V=1\nFROM a\nENV A=$V').config.Env).toEqual(['A='])
    expect(config('ARG TARGETARCH\nENV A=$TARGETARCH$TARGETOS').Env).toEqual(['A=amd64'])
  })

  it('takes away the CMD of the base with ENTRYPOINT, and not its own', () => {
    const base = { Cmd: ['sh'], Entrypoint: ['old'] }
    expect(config('ENTRYPOINT ["x"]', { base })).toEqual({ Entrypoint: ['x'] })
    expect(config('CMD ["y"]\nENTRYPOINT ["x"]', { base })).toEqual({
      Cmd: ['y'],
      Entrypoint: ['x'],
    })
    expect(config('SHELL ["bash", "-c"]\nCMD a $B', { base }).Cmd).toEqual(['bash', '-c', 'a $B'])
  })

  it('has ports, volumes, labels, signals and health checks as Docker writes them', () => {
    const text = [
      'ENV P="8080 53/udp"',
      'EXPOSE 80 $P 7000-7001/tcp',
      'VOLUME /a /b$P0',
      'VOLUME ["/c d"]',
      'LABEL "a b"=c d="x\\\n  y"',
      'STOPSIGNAL SIGUSR1',
      'HEALTHCHECK --interval=1m30s --timeout=500ms --retries=3 CMD curl -f x',
      'ONBUILD RUN x $Y',
      'USER ${U:-nobody}:x',
      'MAINTAINER Me <me@example.com>',
    ].join('\n')
    const evaluated = evaluateText(`FROM a\n${text}`)
    expect(evaluated.author).toBe('Me <me@example.com>')
    expect(evaluated.config).toEqual({
      Env: ['P=8080 53/udp'],
      ExposedPorts: { '80/tcp': {}, '8080/tcp': {}, '53/udp': {}, '7000/tcp': {}, '7001/tcp': {} },
      Volumes: { '/a': {}, '/b': {}, '/c d': {} },
      Labels: { 'a b': 'c', d: 'x  y' },
      StopSignal: 'SIGUSR1',
      Healthcheck: {
        Test: ['CMD-SHELL', 'curl -f x'],
        Interval: 90e9,
        Timeout: 5e8,
        Retries: 3,
      },
      OnBuild: ['RUN x $Y'],
      User: 'nobody:x',
    })
    expect(config('HEALTHCHECK NONE').Healthcheck).toEqual({ Test: ['NONE'] })
  })

  it('goes down from one WORKDIR to the next', () => {
    const { config, actions } = evaluateText(
      'FROM a\nENV D=b\nWORKDIR /a\nWORKDIR $D/c\nWORKDIR ../d',
    )
    expect(config.WorkingDir).toBe('/a/b/d')
    expect(actions).toEqual([
      { kind: 'directory', path: '/a', user: '' },
      { kind: 'directory', path: '/a/b/c', user: '' },
      { kind: 'directory', path: '/a/b/d', user: '' },
    ])
  })

  it('gives a RUN its arguments and variables, and leaves its text to the shell', () => {
    const run = action('ARG V=1\nENV E=2\nWORKDIR /w\nUSER u\nRUN echo $V "$E"', {
      args: { http_proxy: 'http://p' },
    })
    expect(run).toMatchObject({
      argv: ['/bin/sh', '-c', 'echo $V "$E"'],
      env: { V: '1', E: '2', http_proxy: 'http://p' },
      cwd: '/w',
      user: 'u',
    })
  })

  it('runs a heredoc by the shell, or as the program that its first line names', () => {
    expect(action('RUN <<EOF\necho $A\nEOF')).toMatchObject({
      argv: ['/bin/sh', '-c', 'echo $A\n'],
    })
    expect(action('RUN <<EOF\n#!/usr/bin/python\nx\nEOF')).toMatchObject({
      argv: ['/run/sandpiper/heredoc'],
      script: '#!/usr/bin/python\nx\n',
    })
    expect(action('RUN cat <<A >x\n1\nA')).toMatchObject({
      argv: ['/bin/sh', '-c', 'cat <<A >x\n1\nA\n'],
    })
  })

  it('copies to where the working directory and the target lead', () => {
    const text = 'ENV D=dst S=src\nWORKDIR /w\nCOPY --chown=$S:1 --chmod=0644 $S/*.txt b ${D}/'
    expect(action(text)).toMatchObject({
      kind: 'copy',
      sources: ['src/*.txt', 'b'],
      target: '/w/dst/',
      chown: 'src:1',
      chmod: '0644',
      from: null,
    })
    expect(action('COPY a .')).toMatchObject({ target: '/' })
    expect(action('WORKDIR /w\nCOPY a .')).toMatchObject({ target: '/w/' })
    expect(action('WORKDIR /w\nCOPY a ./b')).toMatchObject({ target: '/w/b' })
    expect(action('ENV A=1\nCOPY <<"x" <<y /d/\n$A\nx\n$A\\$A\ny')).toMatchObject({
      sources: [],
      files: [
        { name: 'x', content: '$A\n' },
        { name: 'y', content: '1$A\n' },
      ],
    })
  })

  it.each([
    ['COPY a b c', 'must be a directory and end with /'],
    ['COPY https://example.com/a b', 'COPY takes files of the context'],
    ['ADD https://example.com/a b', 'ADD does not fetch https://example.com/a'],
    ['COPY --chmod=u+x a b', '--chmod is an octal number'],
    ['EXPOSE http', '"http" is no port'],
    ['EXPOSE 1-65535', 'is no port'],
    ['STOPSIGNAL SIGNOTHING', '"SIGNOTHING" is no signal'],
    ['HEALTHCHECK --interval=soon CMD x', '"soon" is no time'],
    ['ENV A=${B', '${B is followed by what is no operator, or has no end'],
    ['WORKDIR C:\\\\x', 'is a path of Windows'],
  ])('refuses %s with its line', (text, message) => {
    expect(() => config(text)).toThrow(message)
    expect(() => config(text)).toThrow('Dockerfile:2: ')
  })

  it('tells in its history what decides what is in a layer', () => {
    const { history } = evaluateText('FROM a\nARG V=1\nENV A=$V\nRUN make\nCOPY a /b/')
    expect(history).toEqual(['ARG V=1', 'ENV A=1', 'RUN |1 V=1 /bin/sh -c make', 'COPY a /b/'])
  })

  it('bounds what a configuration grows to', () => {
    const text = Array.from({ length: 60 }, (_, at) => `ENV A${String(at)}=$B`).join('\n')
    const base = { Env: [`B=${'x'.repeat(100_000)}`] }
    expect(() => config(text, { base })).toThrow(/more than 4194304 characters|takes too long/)
  })
})
