import { describe, expect, it } from '@jest/globals'
import type { Reporter, Span } from '../diagnostics/reporter.js'
import { createReporter } from '../diagnostics/reporter.js'
import type { DecodedPipeline } from '../schema/pipeline-shape.js'
import { decodeDocument } from '../schema/decode-document.js'
import { createBudget, parseSource } from '../parse/parse-source.js'
import { pipelineGraph } from './pipeline-graph.js'
import { stageNames } from './stage-names.js'

function pipelinesOf(text: string): { pipelines: DecodedPipeline[]; reporter: Reporter } {
  const reporter = createReporter()
  const documents = parseSource({ file: '.pipeline.yml', text }, createBudget(), reporter)
  const pipelines = documents.flatMap(
    (document) => decodeDocument(document, { reporter, dialect: 'sandpiper' })?.pipeline ?? [],
  )
  return { pipelines, reporter }
}

const FILE = 'name: test\nsteps: []\n---\nname: deploy\ndepends_on: [test]\nsteps: []\n'

describe('names of stages', () => {
  const { pipelines, reporter } = pipelinesOf(FILE)
  const [test, deploy] = pipelines as [DecodedPipeline, DecodedPipeline]
  const variants = [
    { pipeline: test, combination: { GO: '1.22', OS: 'linux' } },
    { pipeline: test, combination: { GO: '1.23', OS: 'linux' } },
    { pipeline: deploy, combination: {} },
  ]

  it('have the values of the combination where one pipeline has several', () => {
    expect(stageNames(variants)).toEqual([
      'test (GO=1.22, OS=linux)',
      'test (GO=1.23, OS=linux)',
      'deploy',
    ])
    expect(stageNames(variants.slice(1))).toEqual(['test', 'deploy'])
  })

  it('stay within their limit', () => {
    const long = variants.map(({ pipeline }) => ({ pipeline, combination: { A: 'x'.repeat(999) } }))
    expect(stageNames(long)).toEqual(['test (1)', 'test (2)', 'deploy'])
  })

  it('are what a dependency on the pipeline stands for', () => {
    expect(pipelineGraph(variants, reporter).get('deploy')).toEqual([
      'test (GO=1.22, OS=linux)',
      'test (GO=1.23, OS=linux)',
    ])
    expect(reporter.hasErrors()).toBe(false)
  })

  it('bound the graph', () => {
    const many = Array.from({ length: 400 }, (_, index) => [
      { pipeline: test, combination: { A: `${index}` } },
      { pipeline: deploy, combination: { A: `${index}` } },
    ]).flat()
    const spans: Span[] = []
    const told = createReporter()
    pipelineGraph(many, { ...told, error: (_code, span) => void spans.push(span) })
    expect(spans).toHaveLength(1)
  })
})
