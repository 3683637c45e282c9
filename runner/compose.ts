import { createMirrors } from '../git/mirrors.js'
import type { Mirrors } from '../git/types.js'
import type { StageJob } from '../protocol/job.js'
import { redisKeys, stageQueue } from '../protocol/keys.js'
import type { RunnerOffer } from '../protocol/uplink.js'
import { Attempts } from './attempts.js'
import type { RunnerConfig } from './config.js'
import { openHost, type Host } from './host.js'
import { findJobKey } from './secrets/job-key.js'
import { checkoutWorkspace } from './stage/workspace.js'
import { listLeftovers, shipLeftovers } from './sweep.js'
import { Uplink } from './uplink/uplink.js'
import { StageWorker } from './worker.js'

export {
  createLocalExecutor,
  type LocalExecutor,
  type LocalResult,
  type LocalRun,
} from './local-executor.js'

const CAPACITY_DEFAULT = 2
const HEARTBEAT_DEFAULT_MS = 5000
const CLOSE_TIMEOUT_DEFAULT_MS = 30_000
/** After an abort little time is given to tell the server. */
const ABORT_TIMEOUT_MS = 5000

export interface RunningRunner {
  /** Stable name of the runner, kept in its data directory. */
  readonly id: string
  readonly session: string
  /** The stages whose steps run now. */
  running(): readonly StageJob[]
  /**
   * `drain`: takes no more stages, lets those that run end, sends everything, ends. Logs that the
   * server could not take in time stay on disk for the next runner on the data directory.
   */
  close(options: { readonly mode: 'drain' }): Promise<void>
  /** Kills what runs and gives it back to be run elsewhere. Also cuts a `close` under way short. */
  abort(): Promise<void>
}

/**
 * Starts a runner: takes its data directory, sweeps what a dead predecessor left, takes stages.
 * Returns without waiting for Redis.
 * @throws SandpiperError SP_RUNNER_DATA_IN_USE; NativeError when sandboxes can't be made.
 */
export async function startRunner(config: RunnerConfig): Promise<RunningRunner> {
  const host = await openHost(config)
  const { log, dataDir } = host
  const keys = redisKeys(config.redisPrefix)
  const leftovers = await listLeftovers(dataDir.spool)
  const { redisUrl, machine, heartbeatMs = HEARTBEAT_DEFAULT_MS } = config
  const running = (): number => attempts.running.length
  const offer = (): RunnerOffer => offerOf(config, running())
  const uplink = new Uplink({ redisUrl, keys, machine, heartbeatMs, log, offer })
  const { mirrorsDir = dataDir.mirrors, submoduleHosts = [], gitEnvironment = {} } = config
  const mirrors = createMirrors(mirrorsDir, { submoduleHosts, environment: gitEnvironment })
  const workspace = checkoutWorkspace((repo) => mirrors.open(repo))
  const jobKey = await findJobKey(config.dataDir, config.runnerSecret)
  const deps = { ...host.deps, workspace, jobKey }
  const attempts: Attempts = new Attempts({ deps, uplink, spoolDir: dataDir.spool, log })
  void shipLeftovers(leftovers, { spoolDir: dataDir.spool, uplink, log })
  const worker = new StageWorker({
    redisUrl,
    bullPrefix: keys.bullPrefix,
    queueName: stageQueue(config.platform, config.labels),
    capacity: capacityOf(config),
    run: (job) => attempts.run(job),
    disk: host.deps.disk,
    log,
  })
  log.info({ runner: dataDir.runnerId, session: uplink.session }, 'runner is up')
  return handleOf({ config, host, mirrors, uplink, attempts, worker })
}

function capacityOf({ capacity = CAPACITY_DEFAULT }: RunnerConfig): number {
  return capacity
}

/** What the server is told of this runner. */
function offerOf(config: RunnerConfig, running: number): RunnerOffer {
  const { platform, labels = {}, version } = config
  return {
    ...{ os: platform.os, arch: platform.arch, labels, running },
    queue: stageQueue(platform, labels),
    capacity: capacityOf(config),
    ...(version === undefined ? {} : { release: version }),
  }
}

interface Parts {
  readonly config: RunnerConfig
  readonly host: Host
  readonly mirrors: Mirrors
  readonly uplink: Uplink
  readonly attempts: Attempts
  readonly worker: StageWorker
}

function handleOf(parts: Parts): RunningRunner {
  const { config, host, uplink, attempts } = parts
  let closing: Promise<void> | null = null
  const close = (): Promise<void> => {
    closing ??= shutDown(parts, config.closeTimeoutMs ?? CLOSE_TIMEOUT_DEFAULT_MS)
    return closing
  }
  const abort = async (): Promise<void> => {
    attempts.abandon('the runner was told to end at once')
    const timer = setTimeout(() => attempts.giveUp(), ABORT_TIMEOUT_MS)
    await close()
    clearTimeout(timer)
  }
  const running = (): readonly StageJob[] => attempts.running
  return { id: host.dataDir.runnerId, session: uplink.session, running, close, abort }
}

async function shutDown(parts: Parts, timeoutMs: number): Promise<void> {
  const { host, mirrors, uplink, attempts, worker } = parts
  const timer = giveUpWhenIdle(attempts, timeoutMs)
  await worker.drain()
  await attempts.settled()
  clearInterval(timer)
  await worker.close()
  await uplink.close()
  await mirrors.close()
  await host.close()
}

/** Steps may take their time; what only waits for Redis or the server may not. */
function giveUpWhenIdle(attempts: Attempts, timeoutMs: number): NodeJS.Timeout {
  let idleSince = performance.now()
  return setInterval(() => {
    if (attempts.running.length > 0) idleSince = performance.now()
    else if (performance.now() - idleSince >= timeoutMs) attempts.giveUp()
  }, 100)
}
