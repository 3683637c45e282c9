import { describe, expect, it } from '@jest/globals'
import { compileText, problemsOf, stageOf } from '../testing/compile.js'

describe('variables without a value', () => {
  it('are not set, as in Drone', () => {
    const { environment, steps } = stageOf(`kind: pipeline
environment: {ALL: "", KEPT: x}
steps:
- {name: a, image: b, environment: {OWN: ~, SET: y}, settings: {empty: "", full: z}}
`)
    expect(environment).toEqual({ KEPT: 'x' })
    expect(steps[1]).toMatchObject({ environment: { SET: 'y', PLUGIN_FULL: 'z' } })
  })

  it('still take the values of others away', () => {
    const { steps } = stageOf(`kind: pipeline
environment: {ALL: x}
steps: [{name: a, image: b, environment: {ALL: "", CI: "", DRONE_TAG: "", NONE: ""}}]
`)
    expect(steps[1]).toMatchObject({ environment: { ALL: '', CI: '', DRONE_TAG: '' } })
    expect(steps[1]).not.toHaveProperty('environment.NONE')
  })
})

describe('names of the variables that carry values to commands', () => {
  it.each([
    'environment: {SANDPIPER_SUBST_1: x}\nsteps: [{name: a, image: b}]',
    'steps: [{name: a, image: b, environment: {SANDPIPER_SUBST_1: {from_secret: x}}}]',
    'matrix: {SANDPIPER_SUBST_1: [x]}\nsteps: [{name: a, image: b}]',
    'matrix: {include: [{SANDPIPER_SUBST_1: x}]}\nsteps: [{name: a, image: b}]',
  ])('can not be taken: %s', (text) => {
    expect(problemsOf(`kind: pipeline\n${text}`).join()).toContain('SP_PIPELINE_RESERVED_NAME')
  })

  it('win over parameters of the build', () => {
    const text =
      'kind: pipeline\nsteps: [{name: a, image: b, commands: ["x ${DRONE_COMMIT_MESSAGE}"]}]'
    const params = { SANDPIPER_SUBST_1: 'evil' }
    expect(compileText(text, { params }).plan?.stages[0]?.environment).toEqual({
      SANDPIPER_SUBST_1: 'Greet the world',
    })
  })
})
