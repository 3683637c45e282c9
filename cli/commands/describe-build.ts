import type { ApiBuild, ApiStage, ApiStep, ApiWarning, RepoName } from '../client/api.js'
import { DEFAULT_HINTS } from '../../pipelines/diagnostics/hints.js'
import { formatDuration } from '../terminal/duration.js'
import { describeUsage } from './describe-usage.js'
import { cleanName, safeLines } from '../terminal/log-lines.js'
import { createStyle, statusMark } from '../terminal/style.js'

/** A build with its stages and steps as text for people. Colours are ours, everything else may be a stranger's. */
export function describeBuild(repo: RepoName, build: ApiBuild, colours: boolean): string {
  const style = createStyle(colours)
  const lines = [
    `${repo.owner}/${repo.name} #${build.number}  ${style.status(build.status, build.status)}${took(build.started_ms, build.finished_ms)}`,
    cleanName(`${build.event} ${build.ref} ${build.after.slice(0, 10)}`).trimEnd(),
    ...(build.message === '' ? [] : [`message  ${titleOf(build)}`]),
    ...(build.author_name === '' ? [] : [authorOf(build)]),
    `created  ${timeOf(build.created_ms)}`,
  ]
  if (build.waiting !== undefined) lines.push(`waits    ${cleanName(build.waiting)}`)
  if (build.error !== '')
    lines.push(...safeLines(build.error, false).map((line) => style.status('error', line)))
  for (const warning of build.warnings ?? [])
    lines.push(style.status('skipped', warningOf(warning)), ...hintOf(warning))
  for (const stage of build.stages ?? []) {
    lines.push(
      '',
      `${statusMark(stage.status)} ${cleanName(stage.name)}${why(stage)}${waits(stage)}`,
    )
    const width = Math.max(0, ...(stage.steps ?? []).map((step) => cleanName(step.name).length))
    for (const step of stage.steps ?? []) {
      const state = style.status(
        step.status,
        `${statusMark(step.status)} ${cleanName(step.name).padEnd(width)}`,
      )
      lines.push(`    ${state}${took(step.started_ms, step.stopped_ms)}${why(step)}`)
      const usage = describeUsage(step.usage)
      if (usage !== '') lines.push(`        ${usage}`)
    }
  }
  return lines.join('\n')
}

function authorOf({ author_name: name, author_email: email }: ApiBuild): string {
  return `author   ${cleanName(`${name} <${email}>`)}`
}

function warningOf({ code, message, file, line, column }: ApiWarning): string {
  const place = file === '' ? '' : `${file}:${line}:${column}: `
  return cleanName(`${place}warning ${code} ${message}`)
}

/** What the warning itself says to do, or else what its code says. */
function hintOf({ code, hint }: ApiWarning): string[] {
  const defaults: Readonly<Record<string, string>> = DEFAULT_HINTS
  const text = hint ?? (Object.hasOwn(defaults, code) ? defaults[code] : undefined) ?? ''
  return text === '' ? [] : [`  hint: ${cleanName(text)}`]
}

/** First line of the commit's message, safe to print. */
export function titleOf(build: ApiBuild): string {
  return cleanName(build.message.split('\n')[0] ?? '')
}

/** `2026-01-31 23:59:59 UTC` */
export function timeOf(ms: number): string {
  return new Date(ms)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, ' UTC')
}

/** How long something took, in Unix ms; empty for what has not started or not ended. */
export function took(started: number, ended: number): string {
  return started > 0 && ended > 0 ? `  ${formatDuration(ended - started)}` : ''
}

function waits({ waiting }: ApiStage): string {
  return waiting === undefined ? '' : `  (${cleanName(waiting)})`
}

function why(thing: ApiStage | ApiStep): string {
  const exit = 'exit_code' in thing && thing.exit_code !== 0 ? `exit code ${thing.exit_code}` : ''
  const text = cleanName(thing.error).trim() || exit
  return text === '' ? '' : `  (${text})`
}
