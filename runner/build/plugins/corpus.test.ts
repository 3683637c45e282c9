import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { pushInput } from '../../../pipelines/testing/events.js'
import { compilePipeline, type EntrypointStep } from '../../../pipelines/index.js'
import { readBuildRequest } from './build-request.js'

/** Folder with real pipeline files, which are not ours to ship. */
const CORPUS = process.env['SANDPIPER_CORPUS'] ?? ''
const FOLDERS = ['drone', 'woodpecker', 'drone-testdata', 'woodpecker-testdata']
const isThere = CORPUS !== '' && existsSync(join(CORPUS, 'drone', 'INDEX.tsv'))
if (!isThere) {
  process.stderr.write('skipped: real files, because SANDPIPER_CORPUS names no corpus folder\n')
}

type BuilderStep = EntrypointStep & Required<Pick<EntrypointStep, 'builder'>>

/** Every step of a real file that builds an image, for a push, a tag and a promotion. */
function buildersOf(folder: string, file: string): BuilderStep[] {
  const text = readFileSync(join(CORPUS, folder, file), 'utf8')
  const events = [
    {},
    { event: 'tag', ref: 'refs/tags/v1.2.3', branch: '' },
    { event: 'pull_request', ref: 'refs/pull/1/head' },
    { event: 'promote', deployTo: 'production' },
    { event: 'cron', branch: 'master', cron: 'nightly' },
  ] as const
  return events.flatMap((event) => {
    const { plan } = compilePipeline([{ file, text }], pushInput(event))
    const steps = plan?.stages.flatMap((stage) => stage.steps) ?? []
    return steps.filter(
      (step): step is BuilderStep => step.kind === 'entrypoint' && step.builder !== undefined,
    )
  })
}

;(isThere ? it : it.skip)(
  'reads the settings of every real file that builds images',
  () => {
    const failures: string[] = []
    const notes = new Map<string, number>()
    let count = 0
    for (const folder of FOLDERS) {
      const files = readdirSync(join(CORPUS, folder)).filter((name) => /\.ya?ml$/.test(name))
      for (const file of files) {
        for (const step of buildersOf(folder, file)) {
          count++
          const secrets = Object.keys(step.secrets ?? {}).map((name) => [name, `secret`])
          const env = {
            DRONE_COMMIT_REF: 'refs/heads/main',
            DRONE_REPO_BRANCH: 'main',
            ...step.environment,
            ...(Object.fromEntries(secrets) as Record<string, string>),
          }
          try {
            for (const note of readBuildRequest(env, step.builder, 0).notes) {
              if (note.startsWith('warning')) notes.set(note, (notes.get(note) ?? 0) + 1)
            }
          } catch (error) {
            failures.push(`${folder}/${file}: ${step.name}: ${String(error)}`)
          }
        }
      }
    }
    expect(failures).toEqual([])
    expect(count).toBeGreaterThan(150)
    // `file` is nobody's setting: its author meant `dockerfile`.
    expect([...notes.keys()]).toEqual([expect.stringContaining('the setting file is not known')])
  },
  120_000,
)
