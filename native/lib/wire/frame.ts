/** Kinds of request and reply; native/src/common/frame.h is the other side. */
export const REQUEST = {
  configure: 1,
  createStage: 2,
  destroyStage: 3,
  start: 4,
  signal: 5,
  exec: 6,
  mountWorkspace: 7,
  addNetwork: 8,
  prepare: 10,
  runTool: 9,
  keepLayers: 11,
} as const

export const REPLY = {
  done: 1,
  failed: 2,
  started: 3,
  exited: 4,
  cleaned: 5,
  ended: 6,
  usage: 7,
} as const
