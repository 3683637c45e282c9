import { describe, expect, it } from '@jest/globals'
import { compilePipeline } from '../compile/compile-pipeline.js'
import { pushInput } from '../testing/events.js'

function severitiesOf(text: string): string[] {
  const { diagnostics } = compilePipeline([{ file: '.drone.yml', text }], pushInput())
  return diagnostics.map(({ severity, message }) => `${severity} ${message}`)
}

describe('a file of Drone', () => {
  it('is refused when it would do nothing for a likely typing mistake', () => {
    expect(severitiesOf('kind: pipeline\nstep: [{name: a, image: b, commands: [c]}]')).toContain(
      'error unknown key `step`',
    )
    expect(severitiesOf('kind: pipeline\nsteps: [{name: a, image: b, comands: [c]}]')).toEqual([
      'error unknown key `comands`',
    ])
  })

  it('may have mistakes that Drone let pass where something else happens', () => {
    expect(
      severitiesOf(`kind: pipeline
step: []
steps:
- {name: a, image: b, comands: [c], settings: {d: e}}
- {name: f, image: g, commands: [h], depends: [a]}
`),
    ).toEqual([
      'warning unknown key `step`',
      'warning unknown key `comands`',
      'warning unknown key `depends`',
    ])
  })
})
