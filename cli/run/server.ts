import { startServer } from '../../server/compose.js'
import type { CommandContext } from '../command.js'
import { dataDirOf } from '../data-dir.js'
import { ExitCode } from '../exit-code.js'
import { VERSION } from '../version.js'
import { announce } from './announce.js'
import { aborted, processLogger, publishAddress, serverConfig, started } from './serve.js'

/** `sandpiper server`: see the command's help. */
export async function runServer(context: CommandContext): Promise<ExitCode> {
  const { io, settings } = context
  const { stop, abort } = io
  const logger = processLogger(io, settings)
  const starting = startServer(serverConfig(io, settings), { logger, version: VERSION })
  const server = await started(starting, io)
  const withdraw = await publishAddress(dataDirOf(io, settings), server.address)
  announce(context, { what: 'server', address: server.address })
  await aborted(stop)
  await withdraw()
  await Promise.race([server.close(), aborted(abort)])
  return ExitCode.ok
}
