import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { generateScript } from './generate-script.js'

const SHELLS = [
  { name: 'dash', command: ['/bin/dash'] },
  { name: 'busybox ash', command: ['/bin/busybox', 'sh'] },
  { name: 'bash as sh', command: ['/bin/bash', '--posix'] },
]

let directory: string
let files = 0

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sandpiper-script-'))
})

afterAll(async () => {
  await rm(directory, { recursive: true, force: true })
})

interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

async function run(shell: readonly string[], commands: readonly string[]): Promise<Ran> {
  files += 1
  const file = join(directory, `script-${files}`)
  await writeFile(file, generateScript(commands), { mode: 0o400 })
  const [program, ...args] = shell
  if (program === undefined) throw new Error('no shell')
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      [...args, '-e', file],
      { cwd: directory },
      (error, stdout, stderr) => {
        if (error !== null && typeof error.code !== 'number') reject(new Error(error.message))
        else resolve({ code: Number(error?.code ?? 0), stdout, stderr })
      },
    )
    child.stdin?.end()
  })
}

function traceOf(command: string): string {
  return `+ ${command.replaceAll('\n', '\n+ ')}\n`
}

/** Text that a command line may hold; carriage returns are text to a shell, NUL can't be there. */
const anyText = fc
  .string({
    unit: fc.oneof(
      {
        weight: 3,
        arbitrary: fc.constantFrom(...Array.from('`$(){}[]\'"\\!#&|;<>*?~%=+- \t\r\nab')),
      },
      { weight: 1, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }) },
    ),
    maxLength: 40,
  })
  .map((text) => text.replaceAll('\0', ''))

describe.each(SHELLS)('script in $name', ({ command: shell }) => {
  it('prints each command before it runs', async () => {
    const ran = await run(shell, ['echo one', 'echo "two  three"'])
    expect(ran).toEqual({
      code: 0,
      stdout: '+ echo one\none\n+ echo "two  three"\ntwo  three\n',
      stderr: '',
    })
  })

  it('prefixes every line of a command and leaves out the last newline', async () => {
    const ran = await run(shell, ['for name in a b\ndo echo "$name"\ndone\n', 'echo end'])
    expect(ran.stdout).toBe('+ for name in a b\n+ do echo "$name"\n+ done\na\nb\n+ echo end\nend\n')
  })

  it('ends with the status of the first command that fails', async () => {
    const ran = await run(shell, ['echo one', '(exit 7)', 'echo never'])
    expect(ran).toMatchObject({ code: 7, stdout: '+ echo one\none\n+ (exit 7)\n' })
  })

  it('runs what comes after a command that reads its stdin to the end', async () => {
    const ran = await run(shell, ['cat', 'read line || echo empty', 'echo after'])
    expect(ran).toMatchObject({ code: 0 })
    expect(ran.stdout).toBe('+ cat\n+ read line || echo empty\nempty\n+ echo after\nafter\n')
  })

  it('keeps variables and the directory from one command to the next', async () => {
    const ran = await run(shell, ['NAME=value', 'cd /', 'echo "$NAME $PWD"'])
    expect(ran.stdout).toContain('\nvalue /\n')
  })

  it('runs a loop that is spread over commands', async () => {
    const ran = await run(shell, ['for name in a b; do', 'echo "$name"', 'done'])
    expect(ran.stdout).toContain('\na\n')
    expect(ran.stdout).toContain('\nb\n')
  })

  it('does not join a command that ends in a backslash with the next', async () => {
    const ran = await run(shell, ['echo one \\', 'echo two'])
    expect(ran.stdout).toBe('+ echo one \\\none\n+ echo two\ntwo\n')
  })

  it('goes on after a command has closed stdout', async () => {
    const ran = await run(shell, ['exec >&-', 'echo there >&2', '(exit 3)'])
    expect(ran).toEqual({ code: 3, stdout: '+ exec >&-\n', stderr: 'there\n' })
  })

  it('keeps here documents as they are', async () => {
    const ran = await run(shell, ["cat <<'END'\n$HOME `id`\nEND"])
    expect(ran.stdout).toBe("+ cat <<'END'\n+ $HOME `id`\n+ END\n$HOME `id`\n")
  })

  it('does not run what is in backquotes for the trace', async () => {
    const ran = await run(shell, [
      'echo `echo x >> ran; echo y` > /dev/null',
      'wc -l < ran; rm ran',
    ])
    expect(ran.stdout).toContain('\n1\n')
  })

  it('passes any argument on and traces exactly what was written', async () => {
    await fc.assert(
      fc.asyncProperty(anyText, async (text) => {
        const command = `printf '[%s]\\n' '${text.replaceAll("'", "'\\''")}'`
        const ran = await run(shell, [command, 'echo end'])
        expect(ran).toEqual({
          code: 0,
          stdout: `${traceOf(command)}[${text}]\n+ echo end\nend\n`,
          stderr: '',
        })
      }),
      { numRuns: 60 },
    )
  })

  it('traces any text of a comment without running it', async () => {
    await fc.assert(
      fc.asyncProperty(anyText, async (text) => {
        const command = `: # ${text.replaceAll('\n', ' ')}`
        const ran = await run(shell, [command])
        expect(ran).toEqual({ code: 0, stdout: traceOf(command), stderr: '' })
      }),
      { numRuns: 60 },
    )
  })
})

describe('script', () => {
  it('is empty without commands', () => {
    expect(generateScript([])).toBe('')
  })
})
