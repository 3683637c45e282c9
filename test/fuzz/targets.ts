import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { compilePipeline, formatDiagnostic } from '../../pipelines/index.js'
import { parseGlob } from '../../pipelines/conditions/glob/glob.js'
import { evaluateExpression } from '../../pipelines/expressions/evaluate-expression.js'
import { EXPRESSION_LENGTH_MAX } from '../../pipelines/expressions/limits.js'
import { parseExpression } from '../../pipelines/expressions/parse-expression.js'
import { expressionEffort } from '../../pipelines/expressions/values.js'
import { GLOB_LENGTH_MAX } from '../../pipelines/limits.js'
import { pushInput } from '../../pipelines/testing/events.js'
import { substituteText } from '../../pipelines/testing/substitute.js'
import { ROOT } from '../support/root.js'
import type { Material } from './mutate.js'

/** Something that must take any text. */
export interface Target {
  readonly name: string
  readonly material: () => Material
  /** Throws when the text breaks a promise. */
  readonly run: (text: string) => void
}

/** Files that stand in the repository, and the real ones where SANDPIPER_CORPUS names them. */
function pipelineFiles(): string[] {
  const corpus = process.env['SANDPIPER_CORPUS']
  const folders = [
    path.join(ROOT, 'pipelines/golden'),
    path.join(ROOT, 'docs/pipeline/examples'),
    ...(corpus === undefined ? [] : ['drone', 'woodpecker'].map((one) => path.join(corpus, one))),
  ]
  return folders.flatMap(yamlFiles)
}

function yamlFiles(folder: string): string[] {
  const names = readdirSync(folder).filter((name) => /\.ya?ml$/.test(name))
  return names.map((name) => readFileSync(path.join(folder, name), 'utf8'))
}

const KEYS =
  'kind: pipeline|steps:|- name: a|image: x|commands: [a]|when:|branch: |trigger:|depends_on: [a]|' +
  'matrix:|include: a.yml|environment:|from_secret: s|settings:|services:|volumes:|<<: *a|&a |*a|---|' +
  '${A}|$${A}|${A:0:8}|{|}|[|]|: |- |\n|\n  |evaluate: "a == b"|pipeline:|branches: |group: a'

function checkFile(file: string): (text: string) => void {
  return (text) => {
    const sources = [{ file, text }]
    const { plan, diagnostics, wanted } = compilePipeline(sources, pushInput())
    const errors = diagnostics.filter(({ severity }) => severity === 'error')
    if ((plan === null) !== (errors.length > 0 || wanted.length > 0)) {
      throw new Error('a plan together with errors, or neither of them')
    }
    for (const diagnostic of diagnostics) {
      if (diagnostic.code === 'SP_PIPELINE_INTERNAL') throw new Error(diagnostic.message)
      checkPlace(text, diagnostic.start.line, diagnostic.start.column)
      formatDiagnostic(diagnostic, sources)
    }
    JSON.stringify(plan)
  }
}

function checkPlace(text: string, line: number, column: number): void {
  const lines = text.split('\n')
  if (line < 1 || line > lines.length) throw new Error(`there is no line ${line}`)
  if (column < 1 || column > (lines[line - 1] ?? '').length + 1) {
    throw new Error(`line ${line} has no column ${column}`)
  }
}

function fileTarget(name: string, file: string): Target {
  const words = KEYS.split('|')
  const material = () => ({ seeds: pipelineFiles(), words, lengthMax: 20_000 })
  return { name, material, run: checkFile(file) }
}

const GLOB: Target = {
  name: 'glob',
  material: () => ({
    seeds: ['refs/heads/**', 'v*.{1,2}', '[a-z]*/?x', '{a,{b,c}}', 'a\\*'],
    words: ['*', '**', '/', '{', '}', ',', '[', ']', '-', '^', '?', '\\'],
    lengthMax: GLOB_LENGTH_MAX,
  }),
  run(text) {
    const glob = parseGlob(text)
    if ('problem' in glob) return
    for (const name of [text, '', 'refs/heads/main', 'a/'.repeat(500)]) glob.matches(name)
  },
}

const EXPRESSION: Target = {
  name: 'expression',
  material: () => ({
    seeds: [
      'EVENT == "push" && not (REPO in ["a", \'b\'])',
      '"X" not in $env ? MISSING ?? "d" == "d" : MESSAGE matches `^(a|b){2,3}[^c]*$`',
      'len(split(lower(REPO), "/")) + 1 * -2 / 3 % 4 <= .5 // x',
      'trim(replace($env.REPO, "a", "b"), "_")[-1] != nil /* y */',
    ],
    words: [
      '(',
      ')',
      '[',
      ']',
      '"',
      '`',
      '\\',
      '?',
      ':',
      '..',
      '|',
      '{',
      '#',
      '!',
      'not ',
      ' in ',
      '$env',
    ],
    lengthMax: EXPRESSION_LENGTH_MAX + 1,
  }),
  run(text) {
    const parsed = parseExpression(text)
    if ('problem' in parsed) {
      if (parsed.at < 0 || parsed.at > text.length) throw new Error(`no place ${parsed.at}`)
      return
    }
    evaluateExpression(parsed, EXPRESSION_VARIABLES, expressionEffort())
  },
}

const EXPRESSION_VARIABLES = new Map([
  ['EVENT', 'push'],
  ['REPO', 'octo/hello'],
  ['MESSAGE', 'ab'.repeat(2000)],
])

const STRANGER = '`\u0001 $(id)'.repeat(500)

const SUBSTITUTION: Target = {
  name: 'substitution',
  material: () => ({
    seeds: [
      'echo ${TAG##v} ${SHA:0:8} ${MESSAGE^^} $${X} $$Y ${#TAG}',
      '${A:-${B:-${MESSAGE}}} ${MESSAGE//id/x} ${MESSAGE/%a/b} ${arr[@]}',
      "'${MESSAGE}' ${MESSAGE%%[a-z]*} ${TAG=x} ${TAG:(-3)}",
    ],
    words: [
      '${',
      '}',
      '$',
      '{',
      ':',
      '-',
      '=',
      '#',
      '%',
      '/',
      '//',
      '*',
      '[',
      ']',
      '\\',
      '^^',
      "'",
    ],
    lengthMax: 20_000,
  }),
  run(text) {
    const source = JSON.stringify({ steps: [{ commands: [text] }], a: text })
    const variables = { TAG: 'v1.2.3', SHA: 'abcdef0123456789', MESSAGE: STRANGER }
    const { value } = substituteText(source, variables)
    const [command = ''] = (value as { steps: { commands: string[] }[] }).steps[0]?.commands ?? []
    if (!text.includes('\u0001') && command.includes('\u0001')) {
      throw new Error('a value of a stranger is in the text of a command')
    }
  },
}

/** Everything that reads what a stranger may have written. */
export const TARGETS: readonly Target[] = [
  fileTarget('parser', '.pipeline.yml'),
  fileTarget('drone', '.drone.yml'),
  fileTarget('woodpecker', '.woodpecker.yml'),
  GLOB,
  EXPRESSION,
  SUBSTITUTION,
]
