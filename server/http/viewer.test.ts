import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { existsSync } from 'node:fs'
import { chromium, type Browser, type Page } from 'playwright-core'
import { HttpFixture } from './testing/fixture.js'

const CHROMIUM = '/usr/bin/chromium'
/** CI has it, as the set-up for tests installs it. */
const describeBrowser =
  existsSync(CHROMIUM) || process.env['CI'] === 'true' ? describe : describe.skip

let fixture: HttpFixture
let browser: Browser | undefined
let url: string

beforeAll(async () => {
  fixture = await HttpFixture.open()
  url = await fixture.listen()
}, 60_000)

afterAll(async () => {
  await browser?.close()
  await fixture.close()
})

/** A page of a new browser profile, and what it complains of. */
async function open(path: string): Promise<{ page: Page; complaints: string[] }> {
  browser ??= await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
  const page = await (await browser.newContext()).newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('requestfailed', (request) => complaints.push(`${request.url()} failed`))
  page.on('request', (request) => {
    if (!request.url().startsWith(url) && !request.url().startsWith('data:'))
      complaints.push(request.url())
  })
  await page.goto(url + path)
  return { page, complaints }
}

describeBrowser('the viewer of the OpenAPI document, in a browser', () => {
  it('shows every operation and asks nobody but this server', async () => {
    const { page, complaints } = await open('/api/docs')
    await page.waitForSelector('.opblock-tag')
    const shown = await page.locator('.opblock').count()
    const response = await fixture.app.inject('/api/openapi.json')
    const document = response.json<{ paths: Record<string, object> }>()
    expect(shown).toBe(Object.values(document.paths).flatMap((path) => Object.keys(path)).length)
    expect(complaints).toEqual([])
  }, 60_000)

  it('asks the server and shows what it answered', async () => {
    const { page, complaints } = await open('/api/docs')
    const block = page.locator('.opblock', { hasText: '/healthz' }).first()
    await block.locator('.opblock-summary').click()
    await block.getByRole('button', { name: 'Try it out' }).click()
    await block.getByRole('button', { name: 'Execute' }).click()
    await expect(
      block.locator('.live-responses-table .response-col_status').last().innerText(),
    ).resolves.toContain('200')
    expect(complaints).toEqual([])
  }, 60_000)
})
