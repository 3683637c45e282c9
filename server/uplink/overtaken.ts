/** Another server has applied messages of a batch meanwhile; read again, they are known to be applied. */
export class Overtaken extends Error {
  constructor(session: string) {
    super(`another server has applied messages of session ${session}`)
  }
}
