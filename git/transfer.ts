import type { MirrorContext } from './context.js'
import type { TransferOptions } from './types.js'

/** The context in which git processes run as these options say. */
export function withTransfer(
  context: MirrorContext,
  { skipVerify, onTrace }: TransferOptions,
): MirrorContext {
  if (skipVerify !== true && onTrace === undefined) return context
  return {
    ...context,
    // Whoever writes a pipeline may turn the check off: the login is for the forge, not for who poses as it.
    remote: skipVerify === true ? { ...context.remote, login: null } : context.remote,
    home: async () => {
      const home = await context.home()
      const environment = {
        ...home.environment,
        ...(skipVerify === true ? { GIT_SSL_NO_VERIFY: '1' } : {}),
        ...(onTrace === undefined ? {} : { GIT_TRACE: '1' }),
      }
      return { ...home, environment, ...(onTrace === undefined ? {} : { onTrace }) }
    },
  }
}
