import { describe, expect, it } from '@jest/globals'
import { createReporter } from '../diagnostics/reporter.js'
import { createBudget, parseSource } from '../parse/parse-source.js'
import { problemsOf } from '../testing/compile.js'
import { dialectOf } from './dialect.js'

const OURS = 'kind: pipeline\nsteps: []\n'
const LEGACY = 'pipeline: {a: {image: b}}\n'
const SIGNED = 'kind: signature\nhmac: x\n---\n'

describe('the language of a file', () => {
  it.each([
    ['.pipeline.yml', 'steps: {a: {image: b}}', 'sandpiper'],
    ['.drone.yml', OURS, 'drone'],
    ['.drone.yml', LEGACY, 'drone-0.8'],
    ['ci/drone.prod.yaml', LEGACY, 'drone-0.8'],
    ['.drone/a.yml', OURS, 'drone'],
    ['.woodpecker.yml', 'steps: []', 'woodpecker'],
    ['.woodpecker/a.yml', OURS, 'woodpecker'],
    ['drone__woodpecker_a.yml', LEGACY, 'woodpecker'],
    ['woodpecker__drone.yml', LEGACY, 'drone-0.8'],
    ['woodpecker/ci.yml', OURS, 'sandpiper'],
    ['ci.yml', OURS, 'sandpiper'],
    ['ci.yml', 'steps: []', 'sandpiper'],
    ['ci.yml', SIGNED + OURS, 'drone'],
    ['ci.yml', SIGNED + LEGACY, 'drone-0.8'],
    ['ci.yml', LEGACY, 'drone-0.8'],
    ['ci.yml', `${LEGACY}labels: {a: b}`, 'woodpecker'],
    ['ci.yml', `${LEGACY}variables: [1]`, 'woodpecker'],
    ['ci.yml', 'steps: {a: {image: b}}', 'woodpecker'],
    ['ci.yml', 'steps: [{image: a}]\nwhen: {event: push}', 'woodpecker'],
    ['ci.yml', 'steps: [{image: a}]\nskip_clone: true', 'woodpecker'],
    ['ci.yml', 'steps: [{image: a, directory: b}]', 'woodpecker'],
    ['ci.yml', 'clone: [{image: a}]\nsteps: [{image: a}]', 'woodpecker'],
    ['ci.yml', 'just text', 'sandpiper'],
  ])('%s with %j is %s', (file, text, expected) => {
    const source = { file, text }
    const documents = parseSource(source, createBudget(), createReporter())
    expect(dialectOf(source, documents)).toBe(expected)
  })

  it('is ours in .pipeline.yml; another one is told how to be converted', () => {
    expect(problemsOf(LEGACY)).toEqual(['1:1 SP_PIPELINE_FOREIGN this is a pipeline of Drone 0.8'])
    expect(problemsOf('steps: {a: {image: b}}')).toEqual([
      '1:1 SP_PIPELINE_FOREIGN this is a pipeline of Woodpecker',
    ])
  })
})
