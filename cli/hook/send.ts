import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { messageOf } from '../../protocol/errors.js'
import {
  GIT_HOOK_SIGNATURE_HEADER,
  signBody,
  type GitHookPayload,
} from '../../protocol/git-hook.js'
import { HOOK_CONFIG_FILE, type HookConfig } from './config.js'
import { commitFacts, isNullId, type RefUpdate } from './git-facts.js'
import { quote } from './script.js'

export interface SendOptions {
  readonly config: HookConfig
  /** The repository that was pushed to, for facts about the commit. */
  readonly gitDir: string
  readonly pusher: string
  /** Absolute path of `bin/sandpiper`. */
  readonly program: string
  /** Unix time in milliseconds. */
  readonly now: number
  /** Pauses before the second and later tries. Default 0.3, 1 and 3 s. */
  readonly retryDelaysMs?: readonly number[]
}

/** What became of one ref's delivery, in words for the person who pushes. */
export interface SendResult {
  readonly ref: string
  readonly ok: boolean
  readonly text: string
  /** Lines with what to do next; none where there is nothing to do. */
  readonly advice: readonly string[]
  /** Number and page of the build, when one was made. */
  readonly build: { readonly number: number; readonly link: string } | null
}

const RETRY_DELAYS_MS = [300, 1000, 3000]
const TRY_TIMEOUT_MS = 10_000
const MESSAGE_CHARS_MAX = 64 * 1024

/** Delivers one pushed ref. Never throws: the push it tells about has already happened. */
export async function sendRefUpdate(update: RefUpdate, options: SendOptions): Promise<SendResult> {
  const { config } = options
  const body = JSON.stringify(await makePayload(update, options))
  const headers = {
    'content-type': 'application/json',
    [GIT_HOOK_SIGNATURE_HEADER]: signBody(config.secret, body),
  }
  let problem = ''
  let unsure = false
  // The same body, so the same delivery id, each time: a try whose answer was lost makes no second build.
  for (const pauseMs of [0, ...(options.retryDelaysMs ?? RETRY_DELAYS_MS)]) {
    if (pauseMs > 0) await delay(pauseMs)
    const outcome = await tryOnce(config, body, headers)
    if (outcome.kind === 'done') return { ref: update.ref, ...outcome.result }
    problem = outcome.problem
    unsure ||= outcome.unsure
  }
  return {
    ref: update.ref,
    ok: false,
    build: null,
    text: `${unsure ? 'perhaps no' : 'no'} build was made of ${update.ref}: ${config.server} was not reached: ${problem}`,
    advice: adviceToSendAgain(update, options),
  }
}

/** The hook's own command with the hook's own input. */
function adviceToSendAgain(update: RefUpdate, options: SendOptions): string[] {
  const { before, after, ref } = update
  const config = join(options.gitDir, HOOK_CONFIG_FILE)
  const line = quote(`${before} ${after} ${ref}`)
  return [
    'when it is up again, push again (`git commit --allow-empty` makes something to push), or on the machine of this repository:',
    `  echo ${line} | ${quote(options.program)} hook send --config ${quote(config)}`,
  ]
}

type Outcome =
  | { readonly kind: 'done'; readonly result: Omit<SendResult, 'ref'> }
  /** `unsure`: the server may have made a build all the same. */
  | { readonly kind: 'retry'; readonly problem: string; readonly unsure: boolean }

async function tryOnce(
  config: HookConfig,
  body: string,
  headers: Record<string, string>,
): Promise<Outcome> {
  try {
    const url = `${config.server}/hooks/git`
    const signal = AbortSignal.timeout(TRY_TIMEOUT_MS)
    const response = await fetch(url, { method: 'POST', body, headers, redirect: 'error', signal })
    const answer: unknown = await response.json().catch(() => null)
    if (response.status >= 500)
      return { kind: 'retry', problem: `it answered ${response.status}`, unsure: false }
    return { kind: 'done', result: readAnswer(config, response, answer) }
  } catch (error) {
    const { cause = error } = error as { readonly cause?: unknown }
    const unsure = (cause as NodeJS.ErrnoException).code !== 'ECONNREFUSED'
    return { kind: 'retry', problem: messageOf(cause), unsure }
  }
}

function readAnswer(
  { server, repo }: HookConfig,
  response: Response,
  answer: unknown,
): Omit<SendResult, 'ref'> {
  const fields = typeof answer === 'object' && answer !== null ? answer : {}
  const { number, link, reason, detail } = fields as Record<string, unknown>
  if (!response.ok) {
    const why = typeof detail === 'string' ? detail : response.statusText
    const text = `no build was made: ${server} refused (${response.status}): ${why}`
    return { ok: false, build: null, text, advice: [] }
  }
  if (typeof number === 'number' && typeof link === 'string') {
    const follow = `sandpiper build logs ${repo} ${number} --follow`
    const text = `build #${number} of ${repo}; follow it: ${follow}`
    return { ok: true, build: { number, link }, text, advice: [link] }
  }
  return {
    ok: true,
    build: null,
    text: `no build: ${typeof reason === 'string' ? reason : 'no reason given'}`,
    advice: [],
  }
}

async function makePayload(update: RefUpdate, options: SendOptions): Promise<GitHookPayload> {
  const head = {
    delivery: randomUUID(),
    repo: options.config.repo,
    ref: update.ref,
    before: update.before,
    pusher: options.pusher,
    time: options.now,
  }
  if (isNullId(update.after)) return { ...head, after: update.after }
  const facts = await commitFacts(options.gitDir, update.after)
  return {
    ...head,
    after: facts.id || update.after,
    message: facts.message.slice(0, MESSAGE_CHARS_MAX),
    author: facts.author,
    ...(facts.committed === undefined ? {} : { committed: facts.committed }),
  }
}
