import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { REGISTRY_LOGIN, TestRegistry } from '../../runner/testing/registry.js'
import { sandpiper } from '../support/sandpiper.js'
import { makeScratch } from '../support/scratch.js'

/** A real `.drone.yml` that builds an image with plugins/docker, run by the command as a reader would. */
let scratch: { dir: string; remove: () => Promise<void> }
let registry: TestRegistry

beforeAll(async () => {
  scratch = await makeScratch()
  registry = await TestRegistry.start({ auth: 'basic' })
  const { code, stderr } = await command(['image', 'import', 'busybox', '--busybox'], scratch.dir)
  expect(`${String(code)}${stderr}`).toBe('0')
}, 60_000)

afterAll(async () => {
  await registry.remove()
  await scratch.remove()
})

function command(args: readonly string[], cwd: string): ReturnType<typeof sandpiper> {
  const env = {
    SANDPIPER_DATA: path.join(scratch.dir, 'data'),
    SANDPIPER_REGISTRY_INSECURE: registry.host,
    SANDPIPER_STEP_GRACE: '200ms',
  }
  return sandpiper(args, env, cwd)
}

const BUILD = (host: string): string => `kind: pipeline
type: docker
name: publish

steps:
  - name: test
    image: busybox
    commands:
      - echo from-a-step > built.txt

  - name: image
    image: plugins/docker
    privileged: true
    settings:
      repo: ${host}/octo/hello
      registry: ${host}
      username:
        from_secret: docker_username
      password:
        from_secret: docker_password
      auto_tag: true
      build_args:
        - VERSION=\${DRONE_TAG}
      mtu: 1450
`

const DOCKERFILE = `FROM busybox AS build
ARG VERSION=none
COPY built.txt /out/built.txt
RUN echo "version $VERSION" > /out/version

FROM busybox
COPY --from=build /out /app
WORKDIR /app
CMD ["cat", "version", "built.txt"]
`

async function makeTree(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const tree = path.join(scratch.dir, name)
  await mkdir(tree)
  for (const [file, text] of Object.entries(files)) await writeFile(path.join(tree, file), text)
  return tree
}

describe('sandpiper exec with plugins/docker', () => {
  it('builds the image without Docker, pushes it, and runs it as a step', async () => {
    const tree = await makeTree('app', {
      '.drone.yml': BUILD(registry.host),
      Dockerfile: DOCKERFILE,
    })
    const secrets = path.join(scratch.dir, 'secrets.env')
    const { username, password } = REGISTRY_LOGIN
    await writeFile(secrets, `docker_username=${username}\ndocker_password='${password}'\n`)
    const args = ['exec', '.drone.yml', '--tag', 'v1.2.3', '--secret-file', secrets]
    const built = await command(args, tree)
    const log = built.stdout + built.stderr
    expect(`${String(built.code)}\n${log}`).toMatch(/^0\n/)
    expect(log).toContain('no effect: mtu (there is no Docker daemon here)')
    expect(log).toContain('`privileged` has no effect here')
    expect(log).not.toContain(password)
    for (const tag of ['1', '1.2', '1.2.3']) {
      expect(log).toContain(`pushed ${registry.host}/octo/hello:${tag}`)
    }
    const config = path.join(scratch.dir, 'config.json')
    await writeFile(config, registry.dockerConfig)
    const other = await makeTree('other', {
      '.pipeline.yml': `kind: pipeline
name: use
steps:
  - {name: run, image: '${registry.host}/octo/hello:1.2', command: [cat, /app/version, /app/built.txt]}
`,
    })
    const used = await command(['exec', '--registry-config', config], other)
    expect(used.stdout).toContain('version v1.2.3')
    expect(used.stdout).toContain('from-a-step')
    expect(used.code).toBe(0)
  }, 120_000)

  it('says in its plan that an image is built', async () => {
    const tree = await makeTree('planned', { '.drone.yml': BUILD(registry.host) })
    const { stdout } = await command(['plan', '.drone.yml', '--tag', 'v1.2.3'], tree)
    expect(stdout).toContain('plugins/docker, an image is built by its settings, without Docker')
  })
})
