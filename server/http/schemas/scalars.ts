import { Type } from 'typebox'

/** Id of a row in the database. */
export const Id = Type.Integer({ minimum: 0 })

/** Drone's times. */
export const Seconds = Type.Integer({ description: 'Unix time in seconds; 0: not yet.' })

/** Ours. */
export const Milliseconds = Type.Integer({ description: 'Unix time in milliseconds; 0: not yet.' })

/** How a build, a stage or a step stands. */
export const StatusName = Type.String({ description: '`pending`, `running`, `success`, ...' })

/** Text by name. */
export const StringMap = Type.Record(Type.String(), Type.String())

/** Names. */
export const StringList = Type.Array(Type.String())
