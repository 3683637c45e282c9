import type { FastifySerializerCompiler } from 'fastify/types/schema.js'

/** How a route makes text of its answers. */
export type SerializerCompiler = FastifySerializerCompiler<unknown>

/**
 * Answers are sent as they are. The schemas of answers are for the OpenAPI document and for the tests, which check every
 * answer against them: a field that one forgets must not vanish from the answers of a running server.
 */
export const plainSerializer: SerializerCompiler = () => (data) => JSON.stringify(data)
