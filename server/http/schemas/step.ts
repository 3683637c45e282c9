import { Type } from 'typebox'
import { Id, Milliseconds, Seconds, StatusName, StringList } from './scalars.js'
import { UsageTotals } from './usage.js'

/** A step as `renderStep` makes it. */
export const Step = Type.Object(
  {
    id: Id,
    step_id: Type.Integer({ description: "Drone's name for the id of the step's stage." }),
    number: Type.Integer(),
    name: Type.String(),
    status: StatusName,
    error: Type.String(),
    errignore: Type.Boolean(),
    exit_code: Type.Integer(),
    started: Seconds,
    stopped: Seconds,
    started_ms: Milliseconds,
    stopped_ms: Milliseconds,
    version: Type.Integer(),
    depends_on: StringList,
    image: Type.String(),
    detached: Type.Boolean(),
    usage: Type.Union([UsageTotals, Type.Null()]),
    log: Type.Object({ bytes: Type.Integer(), lines: Type.Integer() }),
  },
  { title: 'Step' },
)
