import { describe, expect, it } from '@jest/globals'
import { fileWithSteps, problemsOf, stageOf } from '../testing/compile.js'

const mount = (path: string) =>
  `kind: pipeline
volumes: [{name: v, temp: {}}]
steps: [{name: a, image: b, volumes: [{name: v, path: "${path}"}]}]
`

describe('paths in a plan', () => {
  it('are normal', () => {
    const dirOf = (path: string) =>
      stageOf(fileWithSteps([`name: a, working_dir: "${path}"`])).steps[1]
    expect(dirOf('/srv//a/../b/')).toMatchObject({ workingDir: '/srv/b' })
    expect(dirOf('./web/../api')).toMatchObject({ workingDir: 'api' })
    expect(dirOf('../x')).toMatchObject({ workingDir: '/drone/x' })
    expect(stageOf(mount('/srv/./a//b')).steps[1]).toMatchObject({ mounts: [{ path: '/srv/a/b' }] })
  })

  it.each(['/', '/run', '/run/', '/run/sandpiper', '/run/../run/sandpiper/x', '../../run/drone'])(
    'of mounts never cover what the runner puts there: %s',
    (path) => {
      expect(problemsOf(mount(path)).join()).toContain('SP_PIPELINE_VALUE nothing can be mounted')
    },
  )

  it.each(['.', 'run', '/run/other', '/var/run/docker.sock'])('of mounts may be %s', (path) => {
    expect(problemsOf(mount(path))).toEqual([])
  })

  it('of the workspace never hide programs', () => {
    const file = (path: string) => fileWithSteps(['name: a'], `workspace: {path: ${path}}\n`)
    expect(problemsOf(file('/usr/local/bin')).join()).toContain('SP_PIPELINE_WORKSPACE')
    expect(problemsOf(file('/usr/local/sbin/x')).join()).toContain('SP_PIPELINE_WORKSPACE')
    expect(problemsOf(file('/usr/src/app'))).toEqual([])
  })
})
