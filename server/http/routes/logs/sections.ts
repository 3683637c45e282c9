import { Type } from 'typebox'
import { isTruncated, sectionsOf } from '../../../logs/log-sections.js'
import type { LogSection } from '../../../logs/log-sections.js'
import type { App, HttpContext } from '../../app-types.js'
import { SectionsAnswer } from '../../schemas/log.js'
import { StepParams } from '../../schemas/params.js'
import { Attempt } from './log-query.js'
import { logOf, shownIn } from './log-of.js'
import type { FoundLog } from './log-of.js'

const SCHEMA = {
  operationId: 'listLogSections',
  summary: 'List the commands of a step with their lines of the log',
  description: 'In the order in which they ran; a command in a loop is there once for each time.',
  tags: ['logs'],
  params: StepParams,
  querystring: Type.Object({ attempt: Attempt }),
  response: { 200: SectionsAnswer },
}

/** `GET /api/repos/:owner/:name/builds/:number/logs/:stage/:step/sections`. */
export function listLogSections(app: App, context: HttpContext): void {
  const url = '/repos/:owner/:name/builds/:number/logs/:stage/:step/sections'
  app.get(url, { schema: SCHEMA, config: { access: 'repo:read' } }, async (request) => {
    const log = await logOf(context, request.params, request.query.attempt)
    const index = await context.logs.indexes.whole(log.ref)
    const sections = sectionsOf(index, stepTimes(log)).map(rendered)
    return { sections, truncated: isTruncated(index) }
  })
}

/** Of an older attempt the database knows nothing any more: times are from its start on then. */
function stepTimes(log: FoundLog) {
  const { stage, step } = shownIn(log)
  if (step === undefined || stage?.attempt !== log.state.attempt) {
    return { started: 0, stopped: 0, exitCode: 0 }
  }
  return { started: step.started, stopped: step.stopped, exitCode: step.exit_code }
}

function rendered(section: LogSection) {
  return {
    command: section.command,
    number: section.number,
    first_line: section.firstLine,
    last_line: section.lastLine,
    started_ms: section.started,
    finished_ms: section.finished,
    exit_code: section.exitCode,
  }
}
