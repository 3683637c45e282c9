import { describe, expect, it } from '@jest/globals'
import { ASCII_MARKS, treeLines } from './tree.js'

const draw = (marks: string): string => marks

describe('a tree that is wider than the terminal', () => {
  it('goes on below each line, right of it, and keeps the marks', () => {
    const long = 'one two three four five six seven eight'
    const tree = {
      text: 'root',
      children: [{ text: long, children: [{ text: 'leaf' }] }, { text: long }],
    }
    expect(treeLines(tree, { marks: ASCII_MARKS, draw, width: 30 })).toEqual([
      'root',
      '|- one two three four five six',
      '|  |   seven eight',
      '|  `- leaf',
      '`- one two three four five six',
      '       seven eight',
    ])
  })

  it('does not count colours, breaks no word, and is left alone on a tiny terminal', () => {
    const style = { marks: ASCII_MARKS, draw, width: 30 }
    const bold = '\x1b[1mone two three four\x1b[0m five six'
    expect(treeLines({ text: bold }, style)).toEqual([bold])
    expect(treeLines({ text: 'x'.repeat(50) }, style)).toEqual(['x'.repeat(50)])
    expect(treeLines({ text: 'one two three four five' }, { ...style, width: 10 })).toHaveLength(1)
  })
})
