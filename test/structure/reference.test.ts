import { describe, expect, it } from '@jest/globals'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

const PAGES = path.resolve(__dirname, '../../docs/pipeline')
const MARK = /<!-- [a-z]+(?:: .*?)? -->/g

describe('the pages of the reference', () => {
  const names = readdirSync(PAGES).filter((name) => name.endsWith('.md'))

  it.each(names)('%s has no mark left to fill', (name) => {
    expect(readFileSync(path.join(PAGES, name), 'utf8').match(MARK) ?? []).toEqual([])
  })
})
