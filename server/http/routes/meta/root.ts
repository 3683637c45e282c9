import type { App, HttpContext } from '../../app-types.js'
import { textAnswer } from '../../schemas/text.js'

/** `GET /`: says what answers here, for people who open the address in a browser. */
export function root(app: App, context: HttpContext): void {
  const schema = {
    operationId: 'root',
    summary: 'Say what answers here',
    tags: ['server'],
    response: { 200: textAnswer('text/plain') },
  }
  app.get('/', { schema, config: { access: 'open' } }, (_request, reply) => {
    void reply
      .type('text/plain; charset=utf-8')
      .send(
        `Sandpiper ${context.version}: turns pushes into builds.\n` +
          `Webhooks go to ${context.publicUrl()}/hooks/git and ${context.publicUrl()}/hooks/github,\n` +
          `the API is under ${context.publicUrl()}/api and needs a bearer token.\n`,
      )
  })
}
