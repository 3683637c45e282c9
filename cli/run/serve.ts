import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import type { WriteStream } from 'node:tty'
import type { RunnerConfig } from '../../runner/config.js'
import { createLogger } from '../../server/logger.js'
import type { RedisConfig, ServerConfig } from '../../server/config.js'
import { ADDRESS_FILE } from '../client/find-server.js'
import { forgesOf } from '../config/forge-settings.js'
import { peopleOf } from '../config/people-settings.js'
import { logsOf } from '../config/log-settings.js'
import { limitsOf } from '../config/limits.js'
import { networkOf } from '../config/network.js'
import type { SettingValues } from '../config/settings.js'
import { dataDirOf } from '../data-dir.js'
import { imagesConfig } from '../images/registries.js'
import type { CliIo } from '../io.js'
import { VERSION } from '../version.js'

/** Platform of this machine in the pipelines' words. */
export function hostPlatform(): { readonly os: string; readonly arch: string } {
  return { os: 'linux', arch: process.arch === 'x64' ? 'amd64' : process.arch }
}

/**
 * The processes' own log goes to stderr: stdout is for what the command tells. People at a terminal see
 * what that says, and of the log only what is wrong.
 */
export function processLogger(io: CliIo, settings: SettingValues): ReturnType<typeof createLogger> {
  return createLogger(settings.logLevel ?? (isTerminal(io.stderr) ? 'warn' : 'info'), io.stderr)
}

/** Whether a stream of the process is a terminal. */
export function isTerminal(stream: Writable): boolean {
  return (stream as Partial<WriteStream>).isTTY === true
}

/** The server's part of the settings. */
export function serverConfig(io: CliIo, settings: SettingValues): ServerConfig {
  const {
    publicUrl,
    redisPrefix,
    lease,
    reconcile,
    hookBodyMax,
    adminToken,
    metricsToken,
    pipelineFile,
  } = settings
  const redis: RedisConfig =
    settings.redisUrl === undefined ? { private: true } : { url: settings.redisUrl }
  return {
    dataDir: dataDirOf(io, settings),
    listen: settings.listen ?? { host: '127.0.0.1', port: 8000 },
    redis,
    ...databaseOf(settings),
    ...(settings.secretKeyFile === undefined ? {} : { secretKeyFile: settings.secretKeyFile }),
    forges: forgesOf(settings).forges,
    people: peopleOf(settings),
    ...(settings.trustedProxies === undefined ? {} : { trustedProxies: settings.trustedProxies }),
    ...(settings.statusContext === undefined ? {} : { statusContext: settings.statusContext }),
    logs: logsOf(settings).logs,
    ...(settings.runnerSecret === undefined ? {} : { runnerSecret: settings.runnerSecret }),
    ...(publicUrl === undefined ? {} : { publicUrl }),
    ...(redisPrefix === undefined ? {} : { redisPrefix }),
    ...(lease === undefined ? {} : { leaseMs: lease }),
    ...(reconcile === undefined ? {} : { reconcileIntervalMs: reconcile }),
    ...(hookBodyMax === undefined ? {} : { bodyBytesMax: hookBodyMax }),
    ...(adminToken === undefined ? {} : { adminToken }),
    ...(metricsToken === undefined ? {} : { metricsToken }),
    ...(pipelineFile === undefined ? {} : { pipelineFile }),
  }
}

/** Where the database is, when that is not in the data directory. */
export function databaseOf(settings: SettingValues): Pick<ServerConfig, 'database'> {
  const { databaseUrl: url, databasePassword: password, databaseConnections } = settings
  if (url === undefined) return {}
  return {
    database: {
      url,
      ...(password === undefined ? {} : { password }),
      ...(databaseConnections === undefined ? {} : { connectionsMax: databaseConnections }),
    },
  }
}

/**
 * The runner's part. It keeps its own things below `DATA/runner`, so that a server may have the same data
 * directory; the layer store is `DATA/layers`, where `image import` puts images.
 */
export async function runnerConfig(
  io: CliIo,
  settings: SettingValues,
  redis: { readonly url: string; readonly prefix: string },
): Promise<RunnerConfig> {
  const { capacity, diskReserve, heartbeat, runnerLabels, runnerSecret, submoduleHosts } = settings
  const data = dataDirOf(io, settings)
  return {
    dataDir: data,
    redisUrl: redis.url,
    redisPrefix: redis.prefix,
    platform: hostPlatform(),
    machine: settings.machine ?? io.hostname,
    version: VERSION,
    limits: limitsOf(settings),
    network: networkOf(settings),
    ...(await imagesConfig({ io, settings }, { isPersonal: false })),
    ...(capacity === undefined ? {} : { capacity }),
    ...(diskReserve === undefined ? {} : { diskReserveBytes: diskReserve }),
    ...(heartbeat === undefined ? {} : { heartbeatMs: heartbeat }),
    ...(runnerLabels === undefined ? {} : { labels: runnerLabels }),
    ...(submoduleHosts === undefined ? {} : { submoduleHosts }),
    ...(runnerSecret === undefined ? {} : { runnerSecret }),
  }
}

/** Lets clients on this machine find the server. @returns how to take that back */
export async function publishAddress(
  dataDir: string,
  address: string,
): Promise<() => Promise<void>> {
  const file = join(dataDir, ADDRESS_FILE)
  const temporary = `${file}.${process.pid}.new`
  await writeFile(temporary, `${localAddress(address)}\n`)
  await rename(temporary, file)
  return () => rm(file, { force: true })
}

/** An address that listens everywhere is reached by loopback from here. */
export function localAddress(address: string): string {
  return address.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:')
}

/** Resolves when the signal is aborted; at once when it is already. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** How long a start that a signal came into may take until it is up and can be ended in good order. */
const LATE_START_MS_MAX = 5000

/**
 * Waits for something to be up. A signal meanwhile gives it a moment more, so that it can be ended in good
 * order; a second one gives it none.
 * @throws the signal's reason when it was not up then: the process has to end
 */
export async function started<T>(starting: Promise<T>, { stop, abort }: CliIo): Promise<T> {
  const up = starting.then(() => true)
  const late = (): Promise<boolean> => delay(LATE_START_MS_MAX, false, { ref: false })
  const gone = aborted(stop).then(() => Promise.race([up, aborted(abort).then(no), late()]))
  if (!(await Promise.race([up, gone]))) stop.throwIfAborted()
  return starting
}

const no = (): boolean => false
