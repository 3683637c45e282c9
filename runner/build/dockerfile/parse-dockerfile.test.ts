import { describe, expect, it } from '@jest/globals'
import { parseDockerfile } from './parse-dockerfile.js'

const parse = (text: string) => parseDockerfile(text, 'Dockerfile')
const instructions = (text: string) => parse(`FROM a\n${text}`).stages[0]?.instructions ?? []

describe('parseDockerfile', () => {
  it('joins continued lines, without the comments and empty lines between them', () => {
    const [run, next] = instructions(
      'RUN one && \\\n  # a comment\n\n  two \\ \t\n three\nRUN four',
    )
    expect(run).toMatchObject({ line: 2, command: { form: 'shell', text: 'one &&   two  three' } })
    expect(next).toMatchObject({ line: 7, command: { text: 'four' } })
  })

  it('goes on in the next line only where the escape character is not itself escaped', () => {
    const [run, next] = instructions('RUN echo c\\\\\nUSER x')
    expect(run).toMatchObject({ command: { text: 'echo c\\\\' } })
    expect(next).toMatchObject({ kind: 'USER', value: 'x' })
  })

  it('takes the escape character of a directive, and leaves the other one alone', () => {
    const text = '# syntax=docker/dockerfile:1\n# escape=`\nFROM a\nRUN dir c:\\ `\n  d:\\'
    const { escape, syntax, stages } = parse(text)
    expect({ escape, syntax }).toEqual({ escape: '`', syntax: 'docker/dockerfile:1' })
    expect(stages[0]?.instructions).toMatchObject([{ command: { text: 'dir c:\\   d:\\' } }])
  })

  it('takes what looks like a directive for a comment behind the first other line', () => {
    expect(parse('# hello\n# escape=`\nFROM a').escape).toBe('\\')
    expect(() => parse('# escape=x\nFROM a')).toThrow('Dockerfile:1: the escape character')
    expect(() => parse('# escape=`\n# escape=`\nFROM a')).toThrow('Dockerfile:2: the directive')
  })

  it('reads what is a JSON list of strings as words, and all else as text for the shell', () => {
    const of = (text: string) => instructions(text)[0]
    expect(of('CMD ["a b", "\\u0041", "c\\"d"]')).toMatchObject({
      command: { form: 'exec', argv: ['a b', 'A', 'c"d'] },
    })
    expect(of('CMD []')).toMatchObject({ command: { form: 'exec', argv: [] } })
    for (const text of ["['a']", '["a", b]', '["a"', '[1]', '["a"] b']) {
      expect(of(`CMD ${text}`)).toMatchObject({ command: { form: 'shell', text } })
    }
    expect(of('COPY ["a b", "c"]')).toMatchObject({ sources: ['a b'], target: 'c' })
  })

  it('reads heredocs: several of them, chomped, and with a quoted word', () => {
    const [run, copy] = instructions(
      'RUN <<-EOF cat <<"B" > x\n\tone $x\n\tEOF\ntwo \\\n# three\nB\nCOPY <<a.txt <<b.txt /c/\n1\na.txt\n2\nb.txt',
    )
    expect(run).toMatchObject({
      command: { text: '<<-EOF cat <<"B" > x' },
      heredocs: [
        { name: 'EOF', chomp: true, expand: true, content: 'one $x\n' },
        { name: 'B', chomp: false, expand: false, content: 'two \\\n# three\n' },
      ],
    })
    expect(copy).toMatchObject({
      line: 8,
      heredocs: [
        { name: 'a.txt', content: '1\n' },
        { name: 'b.txt', content: '2\n' },
      ],
    })
  })

  it('takes << in quotes, in other instructions and in arithmetic for no heredoc', () => {
    const all = instructions('RUN echo "<<EOF" $((1<<2)) \'<<X\'\nENV A="<<EOF"\nRUN echo')
    expect(all.map(({ kind }) => kind)).toEqual(['RUN', 'ENV', 'RUN'])
    expect(() => instructions('RUN <<EOF\nx')).toThrow('Dockerfile:2: the heredoc "EOF" has no end')
  })

  it('reads flags with their quotes, until the first word that is none', () => {
    const [run, copy] = instructions(
      'RUN --mount=type=cache,target=/x --network=none foo --flag\nCOPY --from=B --chown="a:b" --link a b',
    )
    expect(run).toMatchObject({
      network: 'none',
      mounts: [{ type: 'cache', target: '/x', readOnly: false }],
      command: { text: 'foo --flag' },
    })
    expect(copy).toMatchObject({ from: 'B', chown: 'a:b', sources: ['a'], target: 'b' })
  })

  it('tells stages by FROM, and lets only ARG stand before the first', () => {
    const { args, stages } = parse(
      'ARG V=1\nFROM --platform=$BUILDPLATFORM a:$V AS Build\nRUN x\nfrom build\n',
    )
    expect(args).toMatchObject([{ args: [{ name: 'V', value: '1' }] }])
    expect(stages).toMatchObject([
      { base: 'a:$V', platform: '$BUILDPLATFORM', name: 'build', line: 2 },
      { base: 'build', platform: null, name: null, line: 4 },
    ])
    expect(() => parse('RUN x\nFROM a')).toThrow('Dockerfile:1: only ARG may stand before')
  })

  it.each([
    ['', 'Dockerfile:1: the file has no FROM'],
    ['FROM', 'Dockerfile:1: FROM needs an image'],
    ['FROM a b', 'Dockerfile:1: FROM needs an image'],
    ['FROM a AS 1', 'Dockerfile:1: "1" is no name'],
    ['FROM a AS x\nFROM b AS X', 'Dockerfile:2: there are two stages'],
    ['FROM a\nRUNN x', 'Dockerfile:2: there is no instruction "RUNN"'],
    ['FROM a\nRUN', 'Dockerfile:2: RUN needs a command'],
    ['FROM a\nRUN --mont=x y', 'Dockerfile:2: RUN has no flag --mont'],
    ['FROM a\nRUN --network=host y', 'Dockerfile:2: RUN --network=host is not allowed'],
    ['FROM a\nRUN --security=insecure y', 'Dockerfile:2: RUN --security is not allowed'],
    ['FROM a\nRUN --mount=type=ssh y', 'Dockerfile:2: --mount=type=ssh is not supported'],
    ['FROM a\nRUN --mount=type=cache y', 'Dockerfile:2: --mount needs a target'],
    ['FROM a\nRUN --mount=typ=cache y', 'Dockerfile:2: --mount has no field "typ"'],
    ['FROM a\nCOPY a', 'Dockerfile:2: COPY needs a source and a target'],
    ['FROM a\nCOPY --parents a/b /c/', 'Dockerfile:2: COPY --parents is not supported'],
    ['FROM a\nENV A', 'Dockerfile:2: ENV needs a name and a value'],
    ['FROM a\nENV A=1 B', 'Dockerfile:2: ENV has no = in "B"'],
    ['FROM a\nSHELL bash', 'Dockerfile:2: SHELL needs a list'],
    ['FROM a\nHEALTHCHECK x', 'Dockerfile:2: HEALTHCHECK needs NONE, or CMD'],
    ['FROM a\nONBUILD FROM b', 'Dockerfile:2: ONBUILD FROM is not allowed'],
    ['FROM a\nONBUILD RUNN b', 'Dockerfile:2: there is no instruction "RUNN"'],
    ['FROM a\nUSER', 'Dockerfile:2: USER needs a value'],
  ])('refuses %j with its line', (text, message) => {
    expect(() => parse(text)).toThrow(message)
  })

  it('says what was probably meant', () => {
    expect(() => parse('FROM a\nENTRYPOIT x')).toThrow(
      expect.objectContaining({ hint: 'Did you mean ENTRYPOINT?' }),
    )
  })

  it('is not held up by long lines and by many lines', () => {
    const long = `FROM a\n# x=${' '.repeat(400_000)}y\nRUN ${'\\ '.repeat(100_000)}x\n`
    parse(long)
    parse(`#${'a'.repeat(900_000)}\nFROM a`)
    expect(() => parse('FROM a\n'.repeat(3000))).toThrow('more than 2000 instructions')
    expect(() => parse(`FROM a\n${'#'.repeat(1 << 20)}`)).toThrow('more than 1048576 bytes')
  })
})
