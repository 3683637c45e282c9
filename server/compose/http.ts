import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { createHttpApp } from '../http/app.js'
import type { ServerServices } from '../services.js'
import type { Base } from './base.js'

/** Starts to listen; gives back where. */
export async function startHttp(
  base: Base,
  services: ServerServices,
): Promise<{ readonly app: FastifyInstance; readonly listening: string }> {
  const { config, logger, version, closers, address } = base
  const { adminToken, metricsToken, bodyBytesMax, trustedProxies } = config
  const app = await createHttpApp({
    ...{ services, logger, version, adminToken, bodyBytesMax, trustedProxies },
    ...(metricsToken === undefined ? {} : { metricsToken }),
    publicUrl: () => address.url,
  })
  closers.add('http', app, (it) => it.close())
  await app.listen(config.listen)
  return { app, listening: urlOf(app.server.address() as AddressInfo) }
}

function urlOf({ address, port, family }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}
