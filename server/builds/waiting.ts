import { isTerminal } from '../../protocol/status.js'
import type { Clock } from '../clock.js'
import { knownRunners } from '../runners/runner-service.js'
import type { KnownRunner } from '../runners/types.js'
import type { StageQueues } from '../scheduling/stage-queues.js'
import type { Build } from '../services.js'
import type { Db } from '../store/database.js'
import { activeStages, runningMaxOf } from '../store/repo-turns.js'
import type { StageStatusRow } from '../store/stages.js'
import { groupHolders, stagesAhead, turnsTaken } from '../store/turns.js'

/** Why things wait, in words. */
export interface Waiting {
  /** Empty when the build does not wait. */
  readonly build: string
  /** By the id of the stage; those that do not wait are not there. */
  readonly stages: ReadonlyMap<number, string>
}

export interface WaitingSource {
  readonly db: Db
  readonly clock: Clock
  readonly queues: StageQueues
}

/** Stages whose place in the queue is looked up. */
const PLACES_MAX = 1_000
/** Builds that are named as holding a group. */
const HOLDERS_NAMED = 3

/** Says why the build and its stages wait. */
export async function whyBuildWaits(
  source: WaitingSource,
  build: Build,
  stages: readonly StageStatusRow[],
): Promise<Waiting> {
  if (isTerminal(build.status)) return { build: '', stages: new Map() }
  if (build.status === 'blocked') {
    const text = `waits for approval: ${build.approval_reason}`
    const waiting = stages.filter(({ status }) => !isTerminal(status))
    return { build: text, stages: new Map(waiting.map(({ id }) => [id, text])) }
  }
  if (build.plan_json === null)
    return { build: 'its pipeline file is being read', stages: new Map() }
  const reasons = await whyStagesWait(source, stages)
  const isRunning = stages.some(({ status }) => status === 'running')
  const [first = ''] = isRunning ? [] : dueFirst(stages).flatMap(({ id }) => reasons.get(id) ?? [])
  return { build: first, stages: reasons }
}

/** Why each of the stages waits, by id. Those that they depend on must be among them. */
export async function whyStagesWait(
  source: WaitingSource,
  stages: readonly StageStatusRow[],
): Promise<ReadonlyMap<number, string>> {
  const reasons = new Map<number, string>()
  const groups = new Map<string, string>()
  for (const stage of stages) {
    if (stage.status === 'waiting_on_dependencies')
      reasons.set(stage.id, dependencyText(stage, stages))
    if (stage.status !== 'blocked') continue
    const key = JSON.stringify([stage.repo_id, stage.concurrency_domain, stage.concurrency_group])
    const text = groups.get(key) ?? (await turnText(source.db, stage))
    groups.set(key, text)
    reasons.set(stage.id, text)
  }
  const pending = stages.filter(({ status }) => status === 'pending').slice(0, PLACES_MAX)
  for (const [id, text] of await whyPending(source, pending)) reasons.set(id, text)
  return reasons
}

/** What waits for others says less about the build than what waits for a runner. */
function dueFirst(stages: readonly StageStatusRow[]): readonly StageStatusRow[] {
  const isDue = ({ status }: StageStatusRow) => status === 'pending' || status === 'blocked'
  return [...stages.filter(isDue), ...stages.filter((stage) => !isDue(stage))]
}

function dependencyText(stage: StageStatusRow, stages: readonly StageStatusRow[]): string {
  const names = new Set(JSON.parse(stage.depends_on_json) as string[])
  const open = stages
    .filter(({ name, status, build_id }) => {
      return build_id === stage.build_id && names.has(name) && !isTerminal(status)
    })
    .map(({ name }) => name)
  return `waits for ${open.length === 1 ? 'stage' : 'stages'} ${listOf(open)}`
}

async function turnText(db: Db, stage: StageStatusRow): Promise<string> {
  if (stage.concurrency_group !== '') {
    const { active, limit } = await turnsTaken(db, stage)
    const holders = active < limit ? [] : await groupHolders(db, stage, HOLDERS_NAMED + 1)
    const named = listOf(holders.map((number) => `#${number}`))
    if (holders.length > 0) return `concurrency group ${stage.concurrency_group} held by ${named}`
  }
  const max = await runningMaxOf(db, stage.repo_id)
  const active = max === 0 ? 0 : await activeStages(db, stage.repo_id)
  if (max === 0 || active < max) return 'its turn comes'
  return `${active} of the repo's ${max} stages run or are queued already`
}

async function whyPending(
  { db, clock, queues }: WaitingSource,
  stages: readonly StageStatusRow[],
): Promise<ReadonlyMap<number, string>> {
  if (stages.length === 0) return new Map()
  const runners = (await knownRunners(db, clock.now())).filter(({ online }) => online)
  const places = await placesOf(queues, stages)
  const reasons = new Map<number, string>()
  for (const [index, stage] of stages.entries()) {
    const able = runners.filter(({ runner }) => runner.queue === stage.queue)
    if (able.length === 0) {
      reasons.set(stage.id, missingText(stage, runners))
      continue
    }
    const ahead = places[index] ?? (await stagesAhead(db, stage))
    reasons.set(stage.id, ahead === 0 ? nextText(stage, able) : aheadText(stage, ahead))
  }
  return reasons
}

/** What Redis tells; nothing while it is away. */
async function placesOf(
  queues: StageQueues,
  stages: readonly StageStatusRow[],
): Promise<readonly (number | null)[]> {
  if (!queues.isReachable) return []
  const attempts = stages.map(({ id, attempt, queue }) => ({ stageId: id, attempt, queue }))
  return queues.ahead(attempts).catch(() => [])
}

function missingText(stage: StageStatusRow, online: readonly KnownRunner[]): string {
  const labels = labelsOf(stage)
  const sameLabels = (runner: string): boolean => runner === stage.labels_json
  const isPlatform = ({ runner }: KnownRunner): boolean =>
    runner.os === stage.os && runner.arch === stage.arch
  if (labels !== '' && !online.some(({ runner }) => sameLabels(runner.labels_json))) {
    return `no runner with ${labels.includes(',') ? 'labels' : 'label'} ${labels}`
  }
  if (labels === '' && online.some(isPlatform)) {
    return `no runner of ${platformOf(stage)} without labels`
  }
  return `no runner of ${queueName(stage)}`
}

function aheadText(stage: StageStatusRow, ahead: number): string {
  return `${ahead} ahead in the queue of ${queueName(stage)}`
}

function nextText(stage: StageStatusRow, able: readonly KnownRunner[]): string {
  const sum = (of: 'running' | 'capacity') => able.reduce((all, { runner }) => all + runner[of], 0)
  const [running, capacity] = [sum('running'), sum('capacity')]
  if (running < capacity) return 'a runner is about to take it'
  return `next in the queue of ${queueName(stage)}, whose runners run ${running} of ${capacity} stages`
}

function queueName(stage: StageStatusRow): string {
  const labels = labelsOf(stage)
  return labels === '' ? platformOf(stage) : `${platformOf(stage)} with ${labels}`
}

function platformOf({ os, arch, variant }: StageStatusRow): string {
  return [os, arch, variant].filter((part) => part !== '').join('/')
}

function labelsOf({ labels_json }: StageStatusRow): string {
  const labels = Object.entries(JSON.parse(labels_json) as Record<string, string>)
  return labels.map(([name, value]) => `${name}=${value}`).join(', ')
}

function listOf(names: readonly string[]): string {
  const shown = names.slice(0, HOLDERS_NAMED).join(', ')
  return names.length > HOLDERS_NAMED ? `${shown} and others` : shown
}
