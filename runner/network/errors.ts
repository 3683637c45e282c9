import { SandpiperError } from '../../protocol/errors.js'

/** Debian packages of the programs that are called. */
const PACKAGES: Readonly<Record<string, string>> = {
  pasta: 'passt',
  nft: 'nftables',
  ip: 'iproute2',
}

/** A program that a stage's network is made with is not there. */
export function programMissing(program: string): SandpiperError {
  const name = PACKAGES[program] ?? program
  return new SandpiperError(
    'SP_NETWORK_NO_PROGRAM',
    `the network of the stage can't be made: ${program} is not on this host`,
    {
      hint: `On the runner's machine: apt-get install ${name}; or SANDPIPER_NETWORK=isolated, with which steps reach nothing outside`,
    },
  )
}

/** A program that a stage's network is made with has failed. */
export function programFailed(program: string, how: string, output: string): SandpiperError {
  const said = output.trim() === '' ? '' : `: ${output.trim()}`
  return new SandpiperError(
    'SP_NETWORK_FAILED',
    `the network of the stage can't be made: ${program} ${how}${said}`,
    {
      hint: "`sandpiper doctor` on the runner's machine tells what is missing; with SANDPIPER_NETWORK=isolated steps reach nothing outside",
    },
  )
}

/** What connects a running stage with the outside has ended. */
export function uplinkLost(how: string): SandpiperError {
  return new SandpiperError('SP_NETWORK_LOST', `the uplink of the stage has ended: pasta ${how}`, {
    hint: "See the log of the runner's machine, e.g. whether its memory was full",
  })
}
