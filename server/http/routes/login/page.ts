import type { App } from '../../app-types.js'
import { csrfTokenOf } from '../../../people/secret-values.js'
import { safeReturnTo } from '../../../people/login/return-to.js'
import { textAnswer } from '../../schemas/text.js'
import type { LoginContext } from './context.js'
import { ReturnQuery } from './context.js'

const NAMES: Readonly<Record<string, string>> = {
  github: 'GitHub',
  gitea: 'Gitea',
  forgejo: 'Forgejo',
  gitlab: 'GitLab',
}

/** `GET /login`: a page with the forges to sign in with; it needs no script. */
export function loginPage(app: App, { services: { people }, cookies }: LoginContext): void {
  const schema = {
    ...{ operationId: 'loginPage', tags: ['login'], querystring: ReturnQuery },
    summary: 'Page with the forges to sign in with',
    response: { 200: textAnswer('text/html') },
  }
  app.get('/login', { schema, config: { access: 'open' } }, async (request, reply) => {
    const cookie = cookies.session(request)
    const principal = cookie === undefined ? null : await people.identify.bySession(cookie)
    const isSignedIn = cookie !== undefined && principal !== null
    const body = isSignedIn
      ? signOut(principal.login, csrfTokenOf(cookie))
      : signIn(people.logins.kinds, safeReturnTo(request.query.return))
    return reply.type('text/html; charset=utf-8').send(page(body))
  })
}

function signIn(kinds: readonly string[], returnTo: string): string {
  if (kinds.length === 0) {
    return '<p>No forge is set up for signing in. The README says how; tokens work all the same.</p>'
  }
  const query = returnTo === '/' ? '' : `?return=${encodeURIComponent(returnTo)}`
  const items = kinds.map(
    (kind) => `<li><a href="/login/${kind}${escapeHtml(query)}">${NAMES[kind] ?? kind}</a></li>`,
  )
  return `<p>Sign in with</p>\n<ul>\n${items.join('\n')}\n</ul>`
}

function signOut(login: string, csrfToken: string): string {
  return `<p>You are signed in as ${escapeHtml(login)}.</p>
<form method="post" action="/logout">
<input type="hidden" name="csrf_token" value="${escapeHtml(csrfToken)}">
<button>Sign out</button>
</form>`
}

function page(body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Sandpiper</title>
</head>
<body>
<h1>Sandpiper</h1>
${body}
</body>
</html>
`
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
}
