import { describe, expect, it } from '@jest/globals'
import { problemsOf, stageOf } from '../testing/compile.js'
import { builderOf } from './builder-images.js'

describe('builderOf', () => {
  it.each([
    ['plugins/docker', 'docker'],
    ['plugins/docker:20.14', 'docker'],
    ['docker.io/plugins/docker:linux-amd64', 'docker'],
    ['mirror.example.com:5000/drone/plugins/docker', 'docker'],
    [`plugins/ecr@sha256:${'a'.repeat(64)}`, 'docker-ecr'],
    ['plugins/buildx-gcr', 'docker-gcr'],
    ['plugins/kaniko-ecr:1', 'kaniko-ecr'],
    ['woodpeckerci/plugin-docker-buildx:5', 'buildx'],
    ['banzaicloud/drone-kaniko:0.5.3', 'kaniko'],
    ['docker', undefined],
    ['docker:dind', undefined],
    ['plugins/docker-manifest', undefined],
    ['myplugins/docker', undefined],
    ['plugins/manifest', undefined],
    ['toString/constructor', undefined],
    ['__proto__/x', undefined],
  ])('tells what %s is', (image, builder) => {
    expect(builderOf(image)).toBe(builder)
  })
})

const stepOf = (keys: string, top = '') =>
  stageOf(
    `kind: pipeline\nclone: {disable: true}\n${top}steps:\n  - {name: a, image: plugins/docker, ${keys}}`,
  )

describe('a step that builds an image', () => {
  it('is marked where there are settings and nothing else to run', () => {
    expect(stepOf('settings: {repo: a/b}').steps[0]).toMatchObject({
      kind: 'entrypoint',
      builder: 'docker',
      environment: { PLUGIN_REPO: 'a/b' },
    })
    for (const keys of [
      'settings: {repo: a/b}, commands: [make]',
      'settings: {repo: a/b}, entrypoint: [x]',
      'settings: {repo: a/b}, command: [x]',
      'settings: {repo: a/b}, detach: true',
      'environment: {A: b}',
    ]) {
      expect(stepOf(keys).steps[0]).not.toHaveProperty('builder')
    }
  })

  it('needs neither rights nor a socket of the host, and says that they have no effect', () => {
    const volumes = 'volumes: [{name: sock, host: {path: /var/run/docker.sock}}]\n'
    const keys =
      'privileged: true, volumes: [{name: sock, path: /var/run/docker.sock}], settings: {repo: a/b}'
    const stage = stepOf(keys, volumes)
    expect(stage.demands).toBeUndefined()
    expect(stage.steps[0]).not.toHaveProperty('mounts')
    const problems = problemsOf(
      `kind: pipeline\n${volumes}steps:\n  - {name: a, image: plugins/docker, ${keys}}`,
    )
    expect(problems.filter((text) => text.includes('NO_EFFECT'))).toEqual([
      expect.stringContaining(
        '`privileged` has no effect here: the runner itself builds the image',
      ),
      expect.stringContaining('`volumes` has no effect here'),
    ])
  })
})
