import { parse } from 'node:querystring'
import { SandpiperError } from '../../protocol/errors.js'
import type { App } from './app-types.js'

/** Fields of one form. */
const FIELDS_MAX = 1000

const formBodies = new WeakSet<object>()

/** True for a body that came as a form, whose values are text whatever they stand for. */
export function isFormBody(body: unknown): boolean {
  return typeof body === 'object' && body !== null && formBodies.has(body)
}

/** Takes forms beside JSON: Drone's clients send the parameters of builds so. */
export function acceptForms(app: App): void {
  app.addContentTypeParser<string>(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, text, done) => {
      if (/^\s*[{[]/.test(text)) done(jsonAsForm())
      else done(null, formBody(text))
    },
  )
}

/** What `curl -d` sends that is told no type. */
function jsonAsForm(): SandpiperError {
  return new SandpiperError('SP_HTTP_MEDIA_TYPE', 'The body is JSON, but was sent as a form.', {
    hint: "Send it with the header 'Content-Type: application/json'.",
  })
}

/** The fields of a form; undefined for an empty one, which clients send when there is no body at all. */
function formBody(text: string): object | undefined {
  if (text === '') return undefined
  const body = { ...parse(text, '&', '=', { maxKeys: FIELDS_MAX }) }
  formBodies.add(body)
  return body
}
