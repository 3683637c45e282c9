import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { loadAll } from 'js-yaml'
import { parseAllDocuments } from 'yaml'
import { compilePipeline, type SourceFile } from '../../pipelines/index.js'
import { pushInput } from '../../pipelines/testing/events.js'
import { ROOT } from '../support/root.js'
import { type Figure, medianFigure, printTable } from './report.js'
import { type Contender, interleave, median } from './stats.js'

/** Folders of real files below SANDPIPER_CORPUS. */
const CORPUS_FOLDERS = ['drone', 'woodpecker']
const MEBIBYTE = 1024 * 1024

/** What compiling pipeline files costs, next to parsing alone of the same text. */
export async function benchPipelines(rounds: number): Promise<Figure[]> {
  const { files, from } = await pipelineFiles()
  const largest = files.toSorted((one, other) => other.text.length - one.text.length)[0]
  const figures = [await benchFiles(`pipeline files (${files.length} of ${from})`, files, rounds)]
  for (const [name, file] of [
    ['largest pipeline file', largest],
    ['pipeline file of 1 MiB', { file: '.pipeline.yml', text: mebibyte() }],
  ] as const) {
    if (file === undefined) continue
    const title = `${name} (${Math.round(file.text.length / 1024)} KiB)`
    const { figure } = await measure(title, name, [file], rounds)
    figures.push(figure)
  }
  return figures
}

async function benchFiles(
  title: string,
  files: readonly SourceFile[],
  rounds: number,
): Promise<Figure> {
  const { figure, perSecond } = await measure(title, 'pipeline files', files, rounds)
  console.log(`  ${Math.round(perSecond('sandpiper compile'))} files/s`)
  const peers = Object.keys(figure.peers)
  return {
    name: 'pipeline files',
    metric: 'files_per_second',
    unit: '1/s',
    value: perSecond('sandpiper compile'),
    peers: Object.fromEntries(peers.map((peer) => [peer, perSecond(peer)])),
  }
}

async function measure(
  title: string,
  name: string,
  files: readonly SourceFile[],
  rounds: number,
): Promise<{ figure: Figure; perSecond: (contender: string) => number }> {
  const contenders = contendersFor(files)
  const samples = await interleave(contenders, rounds)
  printTable(title, contenders, samples)
  return {
    figure: medianFigure(name, contenders, samples),
    perSecond: (contender) => (files.length * 1000) / median(samples.get(contender) ?? []),
  }
}

function contendersFor(files: readonly SourceFile[]): Contender[] {
  const input = pushInput()
  const contender = (
    name: string,
    note: string,
    read: (file: SourceFile) => unknown,
  ): Contender => ({
    name,
    note,
    run() {
      for (const file of files) attempt(() => read(file))
      return Promise.resolve()
    },
  })
  return [
    contender('sandpiper compile', 'text to plan, every check', (file) =>
      compilePipeline([file], input),
    ),
    contender('yaml', 'parsing alone, to a tree with places', ({ text }) =>
      parseAllDocuments(text),
    ),
    contender('js-yaml', 'parsing alone, to plain values', ({ text }) => loadAll(text)),
  ]
}

/** Some of the real files are broken, which parsers tell by throwing. */
function attempt(read: () => unknown): void {
  try {
    read()
  } catch {
    // It has taken the time that it takes.
  }
}

/** The real files where SANDPIPER_CORPUS names them, else those that stand in the repository. */
async function pipelineFiles(): Promise<{ files: SourceFile[]; from: string }> {
  const corpus = process.env['SANDPIPER_CORPUS']
  const folders =
    corpus === undefined
      ? [path.join(ROOT, 'docs/pipeline/examples'), path.join(ROOT, 'pipelines/golden')]
      : CORPUS_FOLDERS.map((folder) => path.join(corpus, folder))
  const files = (await Promise.all(folders.map(yamlFiles))).flat()
  return { files, from: corpus === undefined ? 'the repository' : 'the corpus' }
}

async function yamlFiles(folder: string): Promise<SourceFile[]> {
  const names = (await readdir(folder)).filter((name) => /\.ya?ml$/.test(name))
  return Promise.all(
    names.map(async (file) => ({ file, text: await readFile(path.join(folder, file), 'utf8') })),
  )
}

/** As many ordinary steps as fit. */
function mebibyte(): string {
  let text = 'kind: pipeline\nname: large\nsteps:\n'
  for (let index = 0; text.length < MEBIBYTE - 300; index++) {
    text += `- name: step-${index}
  image: golang:1.22
  commands:
  - go build ./...
  - go test -race ./...
  environment:
    NUMBER: ${index}
  when:
    branch: [main, develop]
`
  }
  return text
}
