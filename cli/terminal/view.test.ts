import { describe, expect, it } from '@jest/globals'
import { PassThrough } from 'node:stream'
import { LiveView } from './live-view.js'
import { createBuildView, type BuildView, type ViewOptions } from './view.js'

function makeView(size: { columns: number; rows: number } | null): {
  view: BuildView
  text: () => string
} {
  const stream = new PassThrough()
  let clock = 1000
  const options: ViewOptions = {
    stream,
    size: () => size,
    colours: false,
    now: () => (clock += 100),
  }
  const view = createBuildView(options)
  return { view, text: () => (stream.read() as Buffer | null)?.toString() ?? '' }
}

function show(view: BuildView): void {
  view.add({ id: '1.1', name: 'build' })
  view.add({ id: '1.2', name: 'unit-tests' })
  view.started('1.1')
  view.output('1.1', 'compiling\nlinking\n')
  view.finished('1.1', { status: 'success', exitCode: 0, error: '', durationMs: 1234 })
  view.started('1.2')
  view.output('1.2', 'half a line')
  view.finished('1.2', { status: 'failure', exitCode: 3, error: '', durationMs: 200 })
  view.close()
}

describe('the view without a terminal', () => {
  it('writes every line with its step before it', () => {
    const { view, text } = makeView(null)
    show(view)
    expect(text()).toBe(
      [
        'build      | started',
        'build      | compiling',
        'build      | linking',
        'build      | ✓ success in 1.2s',
        'unit-tests | started',
        'unit-tests | half a line',
        'unit-tests | ✗ failure in 0.2s: exit code 3',
        '',
      ].join('\n'),
    )
  })

  it('lets neither log text nor names steer the terminal', () => {
    const { view, text } = makeView(null)
    view.add({ id: 'a', name: '\x1b[2Jname\nsecond' })
    view.output('a', '\x1b[2J\x1b]0;title\x07text\x1b[31m\n')
    view.finished('a', { status: 'error', exitCode: 0, error: '\x1b[2Jwhy\nmore', durationMs: 0 })
    expect(text()).toBe('name second | text\nname second | ✗ error in 0.0s: why more\n')
  })
})

describe('the view on a terminal', () => {
  it('prints log lines above a list of steps and gives the cursor back', () => {
    const { view, text } = makeView({ columns: 80, rows: 24 })
    expect(view).toBeInstanceOf(LiveView)
    show(view)
    view.close()
    const output = text()
    expect(output.startsWith('\x1b[?25l')).toBe(true)
    expect(output.endsWith('\x1b[?25h')).toBe(true)
    expect(output.match(/\?25h/g)).toHaveLength(1)
    const [above = '', list = ''] = output.split('─'.repeat(30))
    expect(above).toContain(
      'build      | compiling\nbuild      | linking\nunit-tests | half a line\n',
    )
    expect(list).toContain(
      'build       ✓ success in 1.2s\nunit-tests  ✗ failure in 0.2s: exit code 3\n',
    )
  })
})
