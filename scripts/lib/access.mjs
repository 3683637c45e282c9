import { pino } from 'pino'
import { accessMarkdown } from '../../dist/server/http/access-markdown.js'
import { createHttpApp } from '../../dist/server/http/app.js'

/** docs/access.md as text: the routes are asked of the HTTP side itself, with nothing behind it. */
export async function accessPage() {
  const app = await createHttpApp({
    services: nothing(),
    adminToken: 'of nobody',
    publicUrl: 'http://localhost',
    bodyBytesMax: 1,
    version: '0.0.0',
    logger: pino({ level: 'silent' }),
    metricsTokens: [],
  })
  const table = accessMarkdown(app.accessTable)
  await app.close()
  return `${INTRODUCTION}\n${table}`
}

const INTRODUCTION = `<!-- Made by \`npm run docs\` from the routes. -->

# Who may call what

Every route says who may call it; the server does not start when one does not. One guard, in
\`server/http/access.ts\`, keeps to it before anything else of a request is looked at, and a test walks this table with
every kind of caller.

- A **public** repo is read by anybody, an **internal** one by whoever is signed in, a **private** one by who has a role in
  it. The roles are read, write and admin; each includes those before it. Administrators of the installation have all.
- Who may not read a repo gets the same 404 as for one that is not there; nobody at all gets 401 for both. Who may read it
  but not do this gets 403.
- A token never gives more than its scope: \`read\` and \`write\` count as that role at most, and only tokens with the scope
  \`admin\` change what is their owner's own, or do what is for administrators.
- A signed-in browser that changes something has to show its CSRF token, else 403.
`

/** Something whose every part is a part of it again: no request comes that would want one. */
function nothing() {
  const part = new Proxy(() => part, { get: (_target, key) => (key === 'then' ? undefined : part) })
  return part
}
