import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { compilePipeline, type CompileResult } from './compile/compile-pipeline.js'
import type { BuildEvent } from './event.js'
import { pushInput } from './testing/events.js'

/** Folder with real pipeline files, which are not ours to ship. */
const CORPUS = process.env['SANDPIPER_CORPUS'] ?? ''
const isThere = CORPUS !== '' && existsSync(join(CORPUS, 'drone', 'INDEX.tsv'))
if (!isThere) {
  process.stderr.write('skipped: real files, because SANDPIPER_CORPUS names no corpus folder\n')
}

interface RealFile {
  readonly file: string
  /** Path in its repo. */
  readonly path: string
  readonly kind: string
  readonly text: string
}

function filesOf(folder: string): RealFile[] {
  if (!isThere) return []
  const [, ...rows] = readFileSync(join(CORPUS, folder, 'INDEX.tsv'), 'utf8')
    .trimEnd()
    .split('\n')
  return rows.map((row) => {
    const [file = '', , path = '', , kind = ''] = row.split('\t')
    return { file, path, kind, text: readFileSync(join(CORPUS, folder, file), 'utf8') }
  })
}

const EVENTS: Readonly<Record<string, Partial<BuildEvent>>> = {
  push: {},
  tag: { event: 'tag', ref: 'refs/tags/v1.2.3', branch: '', sourceBranch: '' },
  'pull request': {
    event: 'pull_request',
    action: 'opened',
    ref: 'refs/pull/7/head',
    sourceBranch: 'fix',
  },
}

function compileFile({ text }: RealFile, name: string, facts = {}): CompileResult {
  return compilePipeline([{ file: name, text }], pushInput(facts))
}

function errorsOf({ diagnostics }: CompileResult): string[] {
  return diagnostics
    .filter(({ severity }) => severity === 'error')
    .map(({ start, code, message }) => `${start.line}:${start.column} ${code} ${message}`)
}

/** Lines at which other YAML parsers stop. */
const BROKEN_LINES: Readonly<Record<string, number>> = {
  '0x1a8510f2__DroneExternalConfig__drone@97cb5d4.yml': 66,
  'BerlingskeMedia__ci.images__drone@f9d3f00.yml': 43,
  'COMBINE-lab__salmon__drone@23a787a.yml': 9,
  'LemmyNet__lemmy__drone@e849b22.yml': 92,
  'chainflip-io__chainflip-eth-contracts__drone@5089de4.yml': 56,
  'drone__drone__drone@0c38443.yml': 37,
  'harness__drone__drone@bac7604.yml': 64,
  'lowet84__pwa-template__drone@0ed19d7.yml': 9,
  'rancher__ui__drone@df9adf0.yml': 9,
  'suisrc__kratos-ui__docker_drone.yml': 26,
  'victorsmits__twitchTracker__drone_drone@f660135.yml': 53,
}

/** Files with `depends:` where `depends_on:` is meant. All of them are signed. */
const MISTYPED = /^joomla-framework__/

;(isThere ? describe : describe.skip)('real files of Drone', () => {
  const files = filesOf('drone')
  const ours = files.filter(({ kind }) => /^drone1-(docker|exec)/.test(kind))

  it('are there', () => {
    expect(ours.length).toBeGreaterThan(50)
  })

  it.each(Object.entries(EVENTS))('compile for a %s, under their own name and ours', (_, facts) => {
    const failed = ours.flatMap((file) =>
      [file.path, '.pipeline.yml'].flatMap((name) => {
        const result = compileFile(file, name, facts)
        const isFine = result.plan !== null && errorsOf(result).length === 0
        return isFine ? [] : [[file.file, name, errorsOf(result)]]
      }),
    )
    expect(failed).toEqual([])
  })

  it('have keys that look mistyped only where they are', () => {
    const hits = ours.flatMap((file) => {
      const { diagnostics } = compileFile(file, '.pipeline.yml')
      return diagnostics
        .filter(({ code, hint }) => {
          return code === 'SP_PIPELINE_UNKNOWN_KEY' && hint?.startsWith('did you mean') === true
        })
        .filter(({ message }) => !message.includes('`trigger`')) // belongs to pipelines, is no typo
        .map(({ message }) => `${file.file}: ${message}`)
    })
    const others = hits.filter((hit) => !MISTYPED.test(hit) || !hit.includes('`depends`'))
    expect(others).toEqual([])
    expect(hits.length).toBeGreaterThan(0)
  })

  it('that are no YAML are refused at the line that is wrong', () => {
    const broken = files.filter(({ kind }) => kind === 'invalid-yaml')
    const lines = broken.map((file) => {
      const { diagnostics } = compileFile(file, file.path)
      const first = diagnostics.find(({ severity }) => severity === 'error')
      return [file.file, first?.code, first?.start.line]
    })
    expect(lines).toEqual(
      broken.map(({ file }) => [
        file,
        'SP_PIPELINE_YAML',
        BROKEN_LINES[file] ?? expect.any(Number),
      ]),
    )
  })

  it('end in a plan or in diagnostics with places, and never show a bug', () => {
    for (const file of files) {
      const result = compileFile(file, file.path)
      expect([file.file, result.plan === null]).toEqual([file.file, errorsOf(result).length > 0])
      expect(errorsOf(result).join('\n')).not.toContain('SP_PIPELINE_INTERNAL')
    }
  })
})

/** Faults that Drone's linters find, by what the name of the sample says of them. */
const FAULTS: readonly (readonly [RegExp, RegExp])[] = [
  [/duplicate_(name|step|step_service)\.yml$/, /error SP_PIPELINE_DUPLICATE_NAME/],
  [/invalid_os\.yml$/, /warning SP_PIPELINE_VALUE .*`openbsd`/],
  [/missing_dep\.yml$/, /error SP_PIPELINE_UNKNOWN_DEPENDENCY/],
  [/missing_image\.yml$/, /error SP_PIPELINE_MISSING_KEY .*`image`/],
  [/pipeline_network_mode\.yml$/, /warning SP_PIPELINE_NEEDS_TRUST `network_mode: host`/],
  [/pipeline_port_host\.yml$/, /warning SP_PIPELINE_NO_EFFECT `host`/],
  [/pipeline_privileged\.yml$/, /warning SP_PIPELINE_NEEDS_TRUST `privileged: true`/],
  [/service_device\.yml$/, /warning SP_PIPELINE_NEEDS_TRUST `devices: /],
  [/volume_restricted\.yml$/, /error SP_PIPELINE_VALUE .*`\/run\/drone`/],
  [/volume_invalid_name\.yml$/, /error SP_PIPELINE_RESERVED_NAME .*`_workspace`/],
  [/drone-runner-docker.*resource_testdata_linterr\.yml$/, /error SP_PIPELINE_MISSING_KEY/],
  [/drone-runner-exec.*resource_testdata_linterr\.yml$/, /warning SP_PIPELINE_MISSING_KEY/],
  [/testdata_malformed\.yml$/, /error SP_PIPELINE_VALUE `steps` must be a list/],
]

;(isThere ? describe : describe.skip)("Drone's own samples", () => {
  const samples = filesOf('drone-testdata').filter(
    ({ file, kind }) => file.endsWith('.yml') && !kind.includes('converter'),
  )

  it.each(samples.map((sample) => [sample.file, sample] as const))('%s', (file, sample) => {
    const { plan, diagnostics } = compileFile(sample, '.drone.yml')
    const fault = FAULTS.find(([name]) => name.test(file))?.[1]
    const told = diagnostics.map(({ severity, code, message }) => `${severity} ${code} ${message}`)
    if (fault === undefined) expect(plan).not.toBeNull()
    else expect(told).toContainEqual(expect.stringMatching(fault))
  })
})
