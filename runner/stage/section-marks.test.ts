import { spawnSync } from 'node:child_process'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { generateScript } from '../../pipelines/script/generate-script.js'
import { sectionMarkStart } from '../../pipelines/script/section-mark.js'
import type { LogSection } from '../../protocol/log-record.js'
import { StepLog } from './step-log.js'

interface Told {
  readonly text: string
  readonly sections: (LogSection & { readonly at: number })[]
}

/** Runs chunks, made from the log's own secret, through a log. */
function written(chunksOf: (secret: string) => readonly Buffer[]): Told {
  const parts: Buffer[] = []
  const sections: (LogSection & { at: number })[] = []
  const text = () => Buffer.concat(parts)
  const log = new StepLog(
    (data) => {
      parts.push(Buffer.from(data))
      return undefined
    },
    (section) => sections.push({ ...section, at: text().length }),
  )
  // Nothing is to be waited for.
  void log.end('stderr')
  for (const chunk of chunksOf(log.markSecret)) void log.write(chunk, 'stdout')
  void log.end('stdout')
  return { text: text().toString('latin1'), sections }
}

const SHELLS = [['/bin/dash'], ['/bin/busybox', 'sh'], ['/bin/bash', '--posix']] as const

describe('section marks', () => {
  it.each(SHELLS)(
    'of a script that %s runs tell its commands, and are not in its text',
    (...shell) => {
      const commands = [
        'echo one',
        'set +e; false',
        'for i in 1 2; do',
        'printf "no newline"',
        'done',
      ]
      const [program, ...args] = shell
      const { text, sections } = written((secret) => [
        spawnSync(program, [...args, '-e', '-c', generateScript(commands, secret)]).stdout,
      ])
      expect(text).toBe(
        '+ echo one\none\n' +
          '+ set +e; false\n+ for i in 1 2; do\n' +
          '+ printf "no newline"\nno newline+ done\n'.repeat(2),
      )
      const starts = sections.map(({ command, before, at }) => [
        command,
        before,
        text.slice(at, at + 6),
      ])
      expect(starts).toEqual([
        [0, undefined, '+ echo'],
        [1, 0, '+ set '],
        [2, 1, '+ for '],
        [3, 0, '+ prin'],
        [4, 0, '+ done'],
        [3, 0, '+ prin'],
        [4, 0, '+ done'],
      ])
    },
  )

  it('are found however the output is cut, and nothing else is lost', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '\u001b',
        '\u001b]7770;',
        ';',
        '\u0007',
        'text\n',
        'MARK1;7\u0007',
        'MARKx\u0007',
      ),
      fc.constantFrom('MARK', 'MARK123456789012345;1\u0007', 'MARK2;0\u0007'),
    )
    fc.assert(
      fc.property(fc.array(piece), fc.array(fc.nat(80), { maxLength: 8 }), (pieces, cuts) => {
        const whole = (secret: string) =>
          Buffer.from(pieces.join('').replaceAll('MARK', sectionMarkStart(secret)), 'latin1')
        let all = ''
        const { text, sections } = written((secret) => {
          const bytes = whole(secret)
          all = bytes.toString('latin1')
          const places = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length]
          places.sort((a, b) => a - b)
          const marks = new RegExp(
            `${sectionMarkStart(secret).replace(']', '\\]')}(1;7|2;0)\\u0007`,
            'g',
          )
          all = all.replaceAll(marks, '')
          return places.slice(1).map((end, index) => bytes.subarray(places[index], end))
        })
        expect(text).toBe(all)
        expect(sections.length).toBe(pieces.filter((it) => /^MARK\d;/.test(it)).length)
      }),
    )
  })

  it('of another step, or made up, are text', () => {
    const forged = `${sectionMarkStart('0'.repeat(24))}1;0\u0007`
    expect(written(() => [Buffer.from(forged, 'latin1')])).toEqual({ text: forged, sections: [] })
  })
})
