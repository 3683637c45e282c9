import path from 'node:path'
import { makeRepo, type TestRepo } from './git.js'
import { sandpiper, type Api } from './sandpiper.js'

/** A repo that a server knows, whose pushes make builds through an installed post-receive hook. */
export interface Project extends TestRepo {
  readonly slug: string
}

/** Makes a repo, adds it to the server and installs the hook, with the commands a user would use. */
export async function makeProject(api: Api, dir: string, slug: string): Promise<Project> {
  const repo = await makeRepo(dir, path.basename(slug))
  const env = { SANDPIPER_SERVER: api.url, SANDPIPER_TOKEN: api.token }
  const added = await sandpiper(['repo', 'add', slug, '--clone-url', repo.bare, '--json'], env)
  if (added.code !== 0) throw new Error(`repo add failed: ${added.stderr}`)
  const installed = await sandpiper(['hook', 'install', repo.bare, '--repo', slug], env)
  if (installed.code !== 0) throw new Error(`hook install failed: ${installed.stderr}`)
  return { ...repo, slug }
}

/** A `.pipeline.yml` of one exec pipeline with the given steps: name -> shell lines. */
export function execPipeline(steps: Readonly<Record<string, readonly string[]>>): string {
  return JSON.stringify({
    kind: 'pipeline',
    type: 'exec',
    name: 'default',
    steps: Object.entries(steps).map(([name, commands]) => ({ name, commands })),
  })
}
