import { record, strings } from './json-values.js'
import type { ImageConfig, ImageHealthcheck } from './types.js'

/** What Docker takes for what a HEALTHCHECK does not say (Dockerfile reference, HEALTHCHECK). */
const DEFAULTS = { interval: 30_000, timeout: 30_000, retries: 3, startPeriod: 0 }

/** More is no port check that somebody meant. */
const PORTS_MAX = 50
const NS_PER_MS = 1e6
const SHELL_DEFAULT = ['/bin/sh', '-c']

/**
 * What the `config` of an image configuration says of the readiness of its program: `ExposedPorts`, and
 * `Healthcheck`, which Docker adds to OCI's. What is broken there is as if it was not.
 */
export function readinessOf(
  config: Readonly<Record<string, unknown>>,
): Pick<ImageConfig, 'ports' | 'healthcheck'> {
  const ports = portsOf(config['ExposedPorts'])
  const healthcheck = healthcheckOf(record(config['Healthcheck']), strings(config['Shell']))
  return {
    ...(ports.length === 0 ? {} : { ports }),
    ...(healthcheck === null ? {} : { healthcheck }),
  }
}

/** Keys like `5432/tcp`, `8080`; ranges do not occur in configurations. */
function portsOf(exposed: unknown): readonly number[] {
  const ports = Object.keys(record(exposed)).flatMap((key) => {
    const match = /^(\d{1,5})(?:\/tcp)?$/.exec(key)
    const port = Number(match?.[1] ?? 0)
    return port > 0 && port < 65_536 ? [port] : []
  })
  return [...new Set(ports)].slice(0, PORTS_MAX)
}

function healthcheckOf(
  value: Readonly<Record<string, unknown>>,
  shell: readonly string[],
): ImageHealthcheck | null {
  const [kind, ...words] = strings(value['Test'])
  const [text] = words
  if (text === undefined) return null
  const command =
    kind === 'CMD-SHELL' ? [...(shell.length > 0 ? shell : SHELL_DEFAULT), text] : words
  if (kind !== 'CMD' && kind !== 'CMD-SHELL') return null
  return {
    command,
    intervalMs: milliseconds(value['Interval'], DEFAULTS.interval),
    timeoutMs: milliseconds(value['Timeout'], DEFAULTS.timeout),
    retries: positive(value['Retries']) ?? DEFAULTS.retries,
    startPeriodMs: milliseconds(value['StartPeriod'], DEFAULTS.startPeriod),
  }
}

/** From nanoseconds; 0 and nothing mean the default. */
function milliseconds(value: unknown, otherwise: number): number {
  const found = positive(value)
  return found === null ? otherwise : Math.max(1, Math.round(found / NS_PER_MS))
}

function positive(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : null
}
