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

describe('publish', () => {
  const stepWith = (publish: string, more = 'commands: [make]'): string =>
    `kind: pipeline\nclone: {disable: true}\nsteps:\n  - {name: a, image: busybox, ${more}, publish: ${publish}}`

  it('does not count tags that the event has no value for', () => {
    const step = (tags: string) => stageOf(stepWith(`{repo: a/b, tags: ${tags}}`)).steps[0]
    expect(step("['${DRONE_TAG}', x]")).toMatchObject({ publish: { tags: ['x'] } })
    expect(step("['${DRONE_TAG}']")).toMatchObject({ publish: { tags: [] } })
  })

  it('is planned with its defaults, and with what secrets it takes', () => {
    const [step] = stageOf(stepWith('{repo: r.example.com:5000/a/b}')).steps
    expect(step).toMatchObject({
      publish: { repo: 'r.example.com:5000/a/b', tags: ['latest'] },
    })
    const whole =
      '{repo: a/b, tags: [1.0, x, x], username: u, password: {from_secret: p}, entrypoint: /x y, cmd: [z], env: {A: 1}, workdir: /w, user: "1:2", labels: {l: m}}'
    expect(stageOf(stepWith(whole)).steps[0]).toMatchObject({
      publish: {
        ...{ repo: 'a/b', tags: ['1.0', 'x'], username: { value: 'u' }, password: { secret: 'p' } },
        ...{ entrypoint: ['/x', 'y'], cmd: ['z'], env: { A: '1' }, workdir: '/w', user: '1:2' },
        labels: { l: 'm' },
      },
    })
    // The commands of the step don't see the password.
    expect(stageOf(stepWith(whole)).steps[0]).not.toHaveProperty('secrets')
  })

  it.each([
    ['{tags: x}', 'commands: [make]', 'needs the key `repo`'],
    ['{repo: "a/b:1"}', 'commands: [make]', '`repo` of `publish` has a tag'],
    ['{repo: a/b, tags: []}', 'commands: [make]', 'must have 1 to 100 entries'],
    ['{repo: a/b, tag: x}', 'commands: [make]', 'tag'],
    ['{repo: a/b, workdir: x}', 'commands: [make]', 'must be an absolute path'],
    ['{repo: a/b}', 'entrypoint: [x]', '`publish` needs a step with `commands`'],
    ['{repo: a/b}', 'commands: [make], detach: true', 'needs a step that is waited for'],
  ])('refuses %s beside %s', (publish, more, message) => {
    expect(problemsOf(stepWith(publish, more)).join('\n')).toContain(message)
  })
})
