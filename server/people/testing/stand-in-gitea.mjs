#!/usr/bin/env node
// A stand-in for Gitea: a real OAuth2 authorization server (oidc-provider) at Gitea's addresses, and the two answers of
// its API that signing in needs. Prints the port it listens on. `POST /control` sets what it is to do.
import { createServer } from 'node:http'
import Provider from 'oidc-provider'

const [redirectUri] = process.argv.slice(2)
const state = { repos: {}, isDown: false, refreshes: 0, locked: [] }

const server = createServer((request, response) => void answer(request, response))
server.listen(0, '127.0.0.1')
await new Promise((resolve) => server.once('listening', resolve))
const { port } = server.address()

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id: 'sandpiper',
      client_secret: 'a-secret-of-the-client',
      redirect_uris: [redirectUri],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'client_secret_post',
    },
  ],
  scopes: ['read:user', 'read:organization', 'write:repository'],
  routes: { authorization: '/login/oauth/authorize', token: '/login/oauth/access_token' },
  cookies: { keys: ['a key of the test'] },
  pkce: { required: () => true, methods: ['S256'] },
  issueRefreshToken: () => true,
  // As Gitea and GitLab do: a refresh token is good for one use, and a second one ends all that came of it.
  rotateRefreshToken: true,
  ttl: {
    AccessToken: 600,
    AuthorizationCode: 60,
    Grant: 3600,
    Interaction: 600,
    Session: 3600,
    RefreshToken: 3600,
  },
  findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
})
provider.on('grant.success', ({ oidc }) => {
  if (oidc.params.grant_type === 'refresh_token') state.refreshes += 1
})
const handle = provider.callback()
console.log(port)

async function answer(request, response) {
  const { pathname } = new URL(request.url, 'http://localhost')
  if (pathname === '/control') return control(request, response)
  if (state.isDown) return json(response, 503, { message: 'down' })
  if (!pathname.startsWith('/api/v1/')) return handle(request, response)
  const token = await provider.AccessToken.find(
    (request.headers.authorization ?? '').split(' ')[1] ?? '',
  )
  const login = token?.isValid ? token.accountId : undefined
  if (login === undefined || state.locked.includes(login))
    return json(response, 401, { message: 'no' })
  if (pathname === '/api/v1/user') return json(response, 200, userOf(login))
  if (pathname === '/api/v1/user/repos') return json(response, 200, state.repos[login] ?? [])
  return json(response, 404, {})
}

function userOf(login) {
  const id = [...login].reduce((sum, character) => sum * 31 + character.charCodeAt(0), 7) % 1e9
  return { id, login, full_name: `${login} <b>`, email: `${login}@example.org`, avatar_url: '' }
}

async function control(request, response) {
  let text = ''
  for await (const chunk of request) text += chunk
  Object.assign(state, JSON.parse(text))
  json(response, 200, state)
}

function json(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
