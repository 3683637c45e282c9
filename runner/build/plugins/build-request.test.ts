import { describe, expect, it } from '@jest/globals'
import type { Builder } from '../../../pipelines/index.js'
import { autoTags, expandTag } from './auto-tags.js'
import type { EcrAccount } from '../../registry/ecr/types.js'
import { readBuildRequest } from './build-request.js'

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5)

function read(
  settings: Record<string, string>,
  builder: Builder = 'docker',
  env: Record<string, string> = {},
) {
  const plugin = Object.entries({ repo: 'octo/hello', ...settings }).map(
    ([name, value]): [string, string] => [`PLUGIN_${name.toUpperCase()}`, value],
  )
  return readBuildRequest({ ...env, ...Object.fromEntries(plugin) }, builder, NOW)
}
const request = (...args: Parameters<typeof read>) => read(...args).request

describe('autoTags', () => {
  const of = (ref: string, suffix = '') => autoTags({ ref, suffix, defaultBranch: 'main' })

  it.each([
    ['refs/heads/main', '', ['latest']],
    ['refs/heads/main', 'linux-amd64', ['linux-amd64']],
    ['refs/heads/other', '', null],
    ['refs/pull/1/head', '', null],
    ['refs/tags/0.9.0', '', ['0.9', '0.9.0']],
    ['refs/tags/v1.0.0', '', ['1', '1.0', '1.0.0']],
    ['refs/tags/v1.9.2', 'nanoserver', ['1-nanoserver', '1.9-nanoserver', '1.9.2-nanoserver']],
    ['refs/tags/v18.06.0', '', ['18', '18.06', '18.06.0']],
    ['refs/tags/v1.0.0-alpha.1', '', ['1.0.0-alpha.1']],
    ['refs/tags/v1.0.0-alpha.1', 'x', ['1.0.0-alpha.1-x']],
  ])('makes of %s with the suffix %j what the plugin makes', (ref, suffix, tags) => {
    expect(of(ref, suffix)).toEqual(tags)
  })

  it.each(['refs/tags/x1.0.0', 'refs/tags/20190203', 'refs/tags/v1.2', 'refs/tags/'])(
    'refuses %s, which is no version',
    (ref) => {
      expect(() => of(ref)).toThrow(expect.objectContaining({ code: 'SP_BUILD_AUTO_TAG' }))
    },
  )

  it('expands single tags as the plugin of kaniko does', () => {
    expect(['v1.2.3', '1.2.3-rc1', 'latest'].map(expandTag)).toEqual([
      ['1', '1.2', '1.2.3'],
      ['1.2.3-rc1'],
      ['latest'],
    ])
  })
})

describe('readBuildRequest', () => {
  it('has the defaults of the plugin', () => {
    const { request, notes } = read({})
    expect(notes).toEqual([])
    expect(request).toMatchObject({
      context: '.',
      dockerfile: 'Dockerfile',
      target: '',
      repositories: ['octo/hello'],
      tags: { kind: 'file', path: '.tags', isOptional: true },
      platforms: [],
      push: true,
      useCache: true,
    })
  })

  it('reads arguments, also those that are variables of the step or proxies', () => {
    const env = { FROM_STEP: 'x', token: 't', HTTPS_PROXY: 'http://p', NOBODY: 'n' }
    const { args } = request(
      { build_args: 'A=1,B=a=b,FROM_STEP,NONE', build_args_from_env: 'token' },
      'docker',
      env,
    )
    expect(Object.fromEntries(args)).toEqual({
      ...{ A: '1', B: 'a=b', FROM_STEP: 'x', token: 't', TOKEN: 't' },
      ...{ https_proxy: 'http://p', HTTPS_PROXY: 'http://p' },
    })
    const json = request({ build_args: '[{"A":"1,2"},"B=3"]' }).args
    expect(Object.fromEntries(json)).toEqual({ A: '1,2', B: '3' })
    const several = { multiple_build_args: 'true', build_args_new: 'A=1,2;B=3' }
    expect(Object.fromEntries(request(several).args)).toEqual({ A: '1,2', B: '3' })
  })

  it('takes tags from the settings, from the git ref, or from a file', () => {
    const env = { DRONE_COMMIT_REF: 'refs/tags/v1.2.3', DRONE_REPO_BRANCH: 'main' }
    const tags = (settings: Record<string, string>, builder?: Builder) =>
      request(settings, builder, env).tags
    expect(tags({ tags: 'a, b,' })).toEqual({ kind: 'list', tags: ['a', 'b'] })
    expect(tags({ tags: 'a', auto_tag: 'true' })).toEqual({
      kind: 'list',
      tags: ['1', '1.2', '1.2.3'],
    })
    expect(tags({ tags: 'a', auto_tag: 'true' }, 'buildx')).toMatchObject({
      tags: ['1', '1.2', '1.2.3', 'a'],
    })
    expect(tags({ tags_file: 'x/tags' })).toMatchObject({ path: 'x/tags', isOptional: false })
    const branch = { DRONE_COMMIT_REF: 'refs/heads/fix', DRONE_REPO_BRANCH: 'main' }
    expect(request({ auto_tag: 'true' }, 'docker', branch).tags).toMatchObject({ kind: 'skip' })
  })

  it('labels images as the plugin does', () => {
    const env = {
      DRONE_COMMIT_SHA: 'abc',
      DRONE_REMOTE_URL: 'https://x/y.git',
      DRONE_REPO_LINK: 'https://x/y',
      DRONE_COMMIT_REF: 'refs/tags/v1.2.3',
    }
    expect(
      request({ custom_labels: 'a=b,c', label_schema: 'docker.x=1' }, 'docker', env).labels,
    ).toEqual({
      'org.opencontainers.image.created': '2026-01-02T03:04:05Z',
      'org.opencontainers.image.revision': 'abc',
      'org.opencontainers.image.source': 'https://x/y.git',
      'org.opencontainers.image.url': 'https://x/y',
      'org.opencontainers.image.version': '1.2.3',
      'org.opencontainers.image.docker.x': '1',
      ...{ a: 'b', c: '' },
    })
    expect(request({ auto_label: 'false' }, 'docker', env).labels).toEqual({})
    const epoch = request({}, 'docker', { SOURCE_DATE_EPOCH: '0' }).labels
    expect(epoch['org.opencontainers.image.created']).toBe('1970-01-01T00:00:00Z')
  })

  it.each<[Builder, Record<string, string>, string[]]>([
    ['docker', { repo: 'r.example.com/a,b/c' }, ['r.example.com/a', 'b/c']],
    ['docker', { repo: 'a/b', registry: 'r.example.com' }, ['a/b']],
    ['docker-ecr', { repo: 'a/b', registry: '1.ecr.example.com' }, ['1.ecr.example.com/a/b']],
    ['docker-ecr', { repo: 'x.example.com/a', registry: 'x.example.com' }, ['x.example.com/a']],
    ['docker-gcr', { repo: 'a/b' }, ['gcr.io/a/b']],
    ['docker-gar', { repo: 'a/b', location: 'us' }, ['us-docker.pkg.dev/a/b']],
    ['docker-heroku', { app: 'x' }, ['registry.heroku.com/x/web']],
    ['kaniko', { repo: 'a', registry: 'r.example.com' }, ['a']],
    [
      'kaniko',
      { repo: 'a', registry: 'https://r.example.com/', expand_repo: 'true' },
      ['r.example.com/a'],
    ],
    ['kaniko', { repo: 'a', registry: 'https://index.docker.io/v1/', expand_repo: 'true' }, ['a']],
  ])('names the image of %s with %j', (builder, settings, repositories) => {
    expect(request(settings, builder).repositories).toEqual(repositories)
  })

  it('reads logins of all kinds', () => {
    const of = (settings: Record<string, string>, builder?: Builder, env = {}) =>
      request(settings, builder, env).logins
    expect(of({ username: 'u', password: 'p', registry: 'r.example.com' }).logins).toEqual([
      { registry: 'r.example.com', username: 'u', password: 'p' },
    ])
    expect(of({}, 'docker', { DOCKER_USERNAME: 'u', DOCKER_PASSWORD: 'p' }).logins).toEqual([
      { registry: 'docker.io', username: 'u', password: 'p' },
    ])
    const key = '{"type":"service_account"}'
    const encoded = Buffer.from(key).toString('base64')
    expect(of({ json_key: encoded }, 'docker-gcr').logins).toEqual([
      { registry: 'gcr.io', username: '_json_key', password: key },
    ])
    const listed =
      '[{"registry":"https://a.example.com","username":"u","password":"p"},{"registry":"b","password":{"from_secret":"x"}}]'
    expect(of({ logins: listed }, 'buildx').logins).toEqual([
      { registry: 'https://a.example.com', username: 'u', password: 'p' },
    ])
  })

  it.each<[Builder, Record<string, string>, Record<string, string>, Partial<EcrAccount>]>([
    ['docker-ecr', { access_key: 'k', secret_key: 's', region: 'eu-west-1' }, {}, {}],
    [
      'docker-ecr',
      {},
      { AWS_ACCESS_KEY_ID: 'k', AWS_SECRET_ACCESS_KEY: 's', AWS_REGION: 'eu-west-1' },
      {},
    ],
    ['docker-ecr', {}, { ECR_ACCESS_KEY: 'k', ECR_SECRET_KEY: 's' }, { region: 'us-east-1' }],
    [
      'kaniko-ecr',
      { access_key: 'k', secret_key: 's', session_token: 't', assume_role: 'r', external_id: 'e' },
      { AWS_REGION: 'eu-west-1', AWS_SESSION_TOKEN: 'other' },
      { sessionToken: 't', assumeRole: 'r', externalId: 'e' },
    ],
    [
      'buildx',
      { aws_access_key_id: 'k', aws_secret_access_key: 's', aws_region: 'eu-west-1' },
      { AWS_SESSION_TOKEN: 't' },
      { sessionToken: 't' },
    ],
    [
      'buildx',
      {
        logins:
          '{"registry":"r","aws_access_key_id":"k","aws_secret_access_key":"s","aws_region":"eu-west-1"}',
      },
      {},
      { registry: 'r' },
    ],
  ])('reads keys of Amazon for %s from %j and %j', (builder, settings, env, more) => {
    expect(request(settings, builder, env).logins.aws).toEqual([
      {
        ...{ registry: '', region: 'eu-west-1', accessKey: 'k', secretKey: 's' },
        ...{ sessionToken: '', assumeRole: '', externalId: '', ...more },
      },
    ])
  })

  it('reads no keys of Amazon that are for other programs', () => {
    const env = { AWS_ACCESS_KEY_ID: 'k', AWS_SECRET_ACCESS_KEY: 's' }
    expect(request({}, 'docker', env).logins.aws).toEqual([])
    expect(request({}, 'docker-ecr').logins.aws).toEqual([])
  })

  it('reads whether a repository is to be made', () => {
    expect(request({}, 'docker-ecr')).toMatchObject({ createRepository: false, scanOnPush: false })
    const settings = { create_repository: 'true', scan_on_push: 'true' }
    const made = { createRepository: true, scanOnPush: true }
    expect(request(settings, 'docker-ecr')).toMatchObject(made)
    const env = { ECR_CREATE_REPOSITORY: 'true' }
    expect(request({}, 'docker-ecr', env).createRepository).toBe(true)
  })

  it('reads secrets of a build from variables and files', () => {
    const env = { TOKEN: 't', OTHER: 'o' }
    const { secrets } = request(
      {
        secret: 'id=a,env=TOKEN',
        secrets: 'id=b\\,src=x/y,id=c\\,env=OTHER',
        secrets_from_env: 'd=TOKEN',
        secrets_from_file: 'e=f',
      },
      'docker',
      env,
    )
    expect(secrets).toEqual([
      { id: 'a', kind: 'value', value: 't' },
      { id: 'b', kind: 'file', path: 'x/y' },
      { id: 'c', kind: 'value', value: 'o' },
      { id: 'd', kind: 'value', value: 't' },
      { id: 'e', kind: 'file', path: 'f' },
    ])
  })

  it('finds images to take layers from in the words of both builders', () => {
    expect(request({ cache_from: 'a/b,c/d:1' }).cacheFrom).toEqual(['a/b', 'c/d:1'])
    expect(request({ cache_from: 'type=registry,ref=a/b:cache' }).cacheFrom).toEqual(['a/b:cache'])
    expect(request({ cache_from: 'type=s3,region=x,bucket=y' }).cacheFrom).toEqual([])
  })

  it('pushes unless it is told not to', () => {
    for (const name of ['dry_run', 'no_push', 'dry-run']) {
      expect(request({ [name]: 'true' }).push).toBe(false)
    }
    expect(request({ push: 'false', repo: '' }).push).toBe(false)
    expect(() => read({ repo: '' })).toThrow('the setting repo is missing')
  })

  it('says once what has no effect, and what is not known', () => {
    const { notes } = read({ mtu: '1', purge: 'true', mirror: 'x', dockerfil: 'y' })
    expect(notes).toEqual([
      'no effect: mtu, purge (there is no Docker daemon here)',
      'no effect: mirror (SANDPIPER_REGISTRY_MIRRORS of the runner names mirrors)',
      'warning: the setting dockerfil is not known and has no effect; did you mean dockerfile?',
    ])
  })

  it.each([
    [{ dry_run: 'maybe' }, 'dry_run is true or false, not "maybe"'],
    [{ ssh_agent_key: 'x' }, 'ssh_agent_key is not supported'],
    [{ output: 'type=tar' }, 'output is not supported'],
    [{ logins: '{' }, 'logins is a list of mappings'],
    [{ secret: 'env=X' }, 'secret needs an id'],
  ])('refuses %j', (settings, message) => {
    expect(() => read(settings)).toThrow(`the setting ${message}`)
  })

  it('tells no value of a secret in what it refuses', () => {
    try {
      read({ logins: '[{"password": "hunter2"' })
    } catch (error) {
      expect(String(error)).not.toContain('hunter2')
    }
    expect.assertions(1)
  })
})
