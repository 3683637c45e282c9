import { RESOURCE_BOUNDS } from '../../pipelines/resource-bounds.js'
import type { Scope, Setting } from './settings.js'
import { bytes, bytesWithin } from './values.js'

const STEPS: readonly Scope[] = ['standalone', 'runner', 'exec']

/** What steps take of the disk. */
export const DISK_SETTINGS = {
  diskReserve: define({
    env: 'SANDPIPER_DISK_RESERVE',
    flag: 'disk-reserve',
    type: bytes,
    defaultText: '1g, at most 5 % of the file system',
    description:
      "What is to stay free on the data directory's file system: with less no stage and no step starts, and the step or stage that takes most is ended; 0 switches that off",
    scopes: [...STEPS, 'doctor'],
  }),
  stepDisk: define({
    env: 'SANDPIPER_STEP_DISK',
    flag: 'step-disk',
    type: bytesWithin(RESOURCE_BOUNDS.diskBytes),
    defaultText: '10g',
    description: 'Bytes that a step may write outside of the workspace and of volumes',
    scopes: STEPS,
  }),
  stageWorkspace: define({
    env: 'SANDPIPER_STAGE_WORKSPACE',
    flag: 'stage-workspace',
    type: bytesWithin(RESOURCE_BOUNDS.diskBytes),
    defaultText: '50g',
    description: 'Bytes that the steps of a stage may write to its workspace together',
    scopes: STEPS,
  }),
} as const

function define<T>(setting: Setting<T>): Setting<T> {
  return setting
}
