import fastifySwagger from '@fastify/swagger'
import type { App, HttpContext } from '../app-types.js'
import { withComponents } from './components.js'
import { describeOperation } from './operation.js'
import { SECURITY_SCHEMES } from './security-schemes.js'
import { TAGS } from './tags.js'

/** Collects the routes that are added after it for the OpenAPI document, which `app.swagger()` then gives. */
export async function collectRoutes(app: App, { version }: HttpContext): Promise<void> {
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Sandpiper',
        version,
        description: INTRODUCTION,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      tags: [...TAGS],
      components: { securitySchemes: SECURITY_SCHEMES },
    },
    transform: ({ schema, url, route }) => ({
      schema: describeOperation(schema, route),
      url,
    }),
    transformObject: (document) =>
      withComponents(('openapiObject' in document ? document.openapiObject : {}) as never) as never,
  })
}

const INTRODUCTION =
  "Paths and field names are Drone's where Drone has the thing. Times are Unix seconds; fields ending in `_ms` have " +
  'them in milliseconds. Lists with `cursor` and `limit` have the address of the next page in the `Link` header. ' +
  'Errors are problem documents (RFC 9457).'
