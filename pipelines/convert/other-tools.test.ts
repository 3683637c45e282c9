import { describe, expect, it } from '@jest/globals'
import { compilePipeline } from '../compile/compile-pipeline.js'
import { problemsOf } from '../testing/compile.js'
import { pushInput } from '../testing/events.js'
import { convertText } from './convert-text.js'

const GITLAB = 'stages: [build]\nmake:\n  stage: build\n  script: [make]\n'
const ONE_JOB = 'image: busybox\nmake:\n  script:\n    - make\n'
const GITHUB = 'on: push\njobs:\n  make:\n    runs-on: linux\n    steps:\n      - run: make\n'

describe('a file of a tool without a converter', () => {
  it.each([
    ['GitLab CI', GITLAB],
    ['GitLab CI', ONE_JOB],
    ['GitLab CI', GITLAB.replace('make:', 'build:')],
    ['GitHub Actions', GITHUB],
    ['GitHub Actions', GITHUB.replace('on:', "'on':")],
  ])('is called one of %s, and nothing else', (tool, text) => {
    for (const file of ['.pipeline.yml', '.drone.yml', 'ci.yml']) {
      const { diagnostics } = compilePipeline([{ file, text }], pushInput())
      expect(diagnostics).toMatchObject([
        {
          code: 'SP_PIPELINE_FOREIGN',
          message: `this is a file of ${tool}, which is not read here`,
        },
      ])
    }
    const converted = convertText({ file: 'ci.yml', text }, 'auto')
    expect(converted.text).toBeNull()
    expect(converted.diagnostics).toMatchObject([
      { code: 'SP_PIPELINE_FOREIGN', hint: expect.stringContaining('no converter') as unknown },
    ])
  })

  it.each([
    'kind: pipeline\ntype: exec\nsteps: [{ name: a, commands: [b] }]\nstages: [x]\n',
    'pipeline: {a: {image: b, commands: [c]}}\n',
    'steps: {a: {image: b}}\njobs: {}\n',
  ])('is not what has keys of ours: %j', (text) => {
    expect(problemsOf(text).join()).not.toMatch(/GitLab|GitHub/)
  })
})
