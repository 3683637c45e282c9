import type { ApiBuild, ApiStage, ApiStep, RepoName } from '../client/api.js'
import { formatDuration } from '../terminal/duration.js'
import { stripTerminalText } from '../terminal/sanitize.js'
import { createStyle, statusMark } from '../terminal/style.js'

/** A build with its stages and steps as text for people. */
export function describeBuild(repo: RepoName, build: ApiBuild, colours: boolean): string {
  const style = createStyle(colours)
  const title = build.message.split('\n')[0] ?? ''
  const lines = [
    `${repo.owner}/${repo.name} #${build.number}  ${style.status(build.status, build.status)}${took(build.started_ms, build.finished_ms)}`,
    `${build.event} ${build.ref} ${build.after.slice(0, 10)}  ${title}`,
  ]
  if (build.error !== '') lines.push(style.status('error', build.error))
  for (const stage of build.stages ?? []) {
    lines.push('', `${statusMark(stage.status)} ${stage.name}${why(stage)}`)
    const width = Math.max(0, ...(stage.steps ?? []).map((step) => step.name.length))
    for (const step of stage.steps ?? []) {
      const state = style.status(
        step.status,
        `${statusMark(step.status)} ${step.name.padEnd(width)}`,
      )
      lines.push(`    ${state}${took(step.started_ms, step.stopped_ms)}${why(step)}`)
    }
  }
  return lines.map(clean).join('\n')

  /** Colours are ours, everything else may be a stranger's. */
  function clean(line: string): string {
    return colours ? line : stripTerminalText(line)
  }
}

function took(started: number, ended: number): string {
  return started > 0 && ended > 0 ? `  ${formatDuration(ended - started)}` : ''
}

function why(thing: ApiStage | ApiStep): string {
  const exit = 'exit_code' in thing && thing.exit_code !== 0 ? `exit code ${thing.exit_code}` : ''
  const text = stripTerminalText(thing.error).replace(/\s+/g, ' ') || exit
  return text === '' ? '' : `  (${text})`
}
