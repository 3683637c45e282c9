import { expect, it } from '@jest/globals'
import { parseSecrets } from './secrets.js'

it('reads the lines of a file as Drone’s own command does', () => {
  const text = `# comment
USER=octo
export TOKEN = a=b#c # comment

JSON='{"a": "b"}'
LINES="one\\ntwo \\"three\\"" # comment
EMPTY=
`
  expect(parseSecrets(text.replaceAll('\n', '\r\n'), 'f')).toEqual([
    ['USER', 'octo'],
    ['TOKEN', 'a=b#c'],
    ['JSON', '{"a": "b"}'],
    ['LINES', 'one\ntwo "three"'],
    ['EMPTY', ''],
  ])
})

it('refuses a line that is none with its place, and does not tell what is in it', () => {
  const read = (): unknown => parseSecrets('A=1\nhunter2\n', 'secrets.env')
  expect(read).toThrow('secrets.env:2: the line is not NAME=VALUE')
  expect(read).not.toThrow('hunter2')
})
