import { expect, test } from '@jest/globals'
import { forgesOf } from './forge-settings.js'
import { resolveSettings } from './resolve.js'

const settingsOf = (env: Record<string, string>) =>
  resolveSettings({ env, flags: {}, scope: 'server' })

test('no forge is set up unless something is set', () => {
  expect(forgesOf(settingsOf({}))).toEqual({ forges: [], problems: [] })
})

test('a token, an address or a client sets a forge up; what is at one place only needs no address', () => {
  const settings = settingsOf({
    SANDPIPER_GITHUB_TOKEN: 't',
    SANDPIPER_GITEA_URL: 'https://git.example.org/',
    SANDPIPER_GITLAB_CLIENT_ID: 'id',
    SANDPIPER_GITLAB_CLIENT_SECRET: 's',
    SANDPIPER_BITBUCKET_SERVER_URL: 'https://stash.example.org',
    SANDPIPER_BITBUCKET_SERVER_API_URL: 'http://10.0.0.5/rest/api/1.0',
  })
  expect(forgesOf(settings).forges).toEqual([
    { kind: 'github', url: 'https://github.com', token: 't' },
    { kind: 'gitea', url: 'https://git.example.org' },
    { kind: 'gitlab', url: 'https://gitlab.com', oauth: { clientId: 'id', clientSecret: 's' } },
    {
      kind: 'bitbucket-server',
      url: 'https://stash.example.org',
      apiUrl: 'http://10.0.0.5/rest/api/1.0',
    },
  ])
})

test('all that is wrong is told at once, with the names of the variables and no secrets', () => {
  const wrong = () =>
    settingsOf({
      SANDPIPER_FORGEJO_TOKEN: 'hunter2',
      SANDPIPER_GITHUB_CLIENT_ID: 'id',
      SANDPIPER_GITLAB_CLIENT_SECRET: 'hunter2',
      SANDPIPER_GITEA_URL: 'git.example.org',
      SANDPIPER_STATUS_CONTEXT: 'a\nb',
      SANDPIPER_BITBUCKET_CLIENT_ID: 'x',
    })
  for (const text of [
    'SANDPIPER_FORGEJO_URL: must be set',
    'SANDPIPER_GITHUB_CLIENT_SECRET: must be set',
    'SANDPIPER_GITLAB_CLIENT_ID: must be set',
    'SANDPIPER_GITEA_URL=(value not shown): must be a URL',
    'SANDPIPER_STATUS_CONTEXT=',
    'SANDPIPER_BITBUCKET_CLIENT_ID is no setting',
  ]) {
    expect(wrong).toThrow(text)
  }
  expect(wrong).not.toThrow('hunter2')
})
