import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join, dirname } from 'node:path'
import { Type } from 'typebox'
import type { App } from '../../app-types.js'
import { etagOf, isKnownTag } from '../../etag.js'
import { textAnswer } from '../../schemas/text.js'

/** What the page needs and nothing else: its own scripts, styles and images, and the API of this server. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Sandpiper API</title>
<link rel="stylesheet" href="/api/docs/swagger-ui.css">
<link rel="icon" href="data:,">
</head>
<body>
<div id="viewer"></div>
<script src="/api/docs/swagger-ui-bundle.js"></script>
<script src="/api/docs/start.js"></script>
</body>
</html>
`

// Without validatorUrl the viewer would send the document's address to a server of others.
const START = `SwaggerUIBundle({
  url: '/api/openapi.json',
  dom_id: '#viewer',
  deepLinking: true,
  validatorUrl: null,
})
`

const ASSETS = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
} as const

/** `GET /api/docs`: a viewer of the OpenAPI document, with all that it needs from this server. */
export function viewer(app: App): void {
  serve(app, { path: '', name: 'viewer', type: 'text/html; charset=utf-8', read: () => PAGE })
  const type = ASSETS['swagger-ui-bundle.js']
  serve(app, { path: '/start.js', name: 'viewerStart', type, read: () => START })
  serve(app, asset('swagger-ui.css', 'viewerStyle'))
  serve(app, asset('swagger-ui-bundle.js', 'viewerScript'))
}

interface File {
  readonly path: string
  readonly name: string
  readonly type: string
  readonly read: () => string | Promise<string>
}

function asset(file: keyof typeof ASSETS, name: string): File {
  // Its `static` has the files of swagger-ui-dist as they are.
  const main = createRequire(import.meta.url).resolve('@fastify/swagger-ui')
  const read = () => readFile(join(dirname(main), 'static', file), 'utf8')
  return { path: `/${file}`, name, type: ASSETS[file], read }
}

function serve(app: App, { path, name, type, read }: File): void {
  const schema = {
    operationId: name,
    summary: path === '' ? 'A viewer of this document' : `What the viewer needs: ${path.slice(1)}`,
    tags: ['server'],
    response: {
      200: textAnswer(type.replace(/;.*/, '')),
      304: Type.Null({ description: 'It is as the asker knows it.' }),
    },
  }
  app.get(`/api/docs${path}`, { schema, config: { access: 'open' } }, async (request, reply) => {
    const text = await read()
    const etag = etagOf(text)
    void reply.headers({
      etag,
      'cache-control': 'public, no-cache',
      'content-security-policy': POLICY,
    })
    if (isKnownTag(request.headers['if-none-match'], etag)) return reply.code(304).send()
    return reply.type(type).send(text)
  })
}
