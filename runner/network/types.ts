/** Addresses of a stage's network. */
export interface Subnets {
  /** Of the bridge: its own address is the first. */
  readonly bridge4: string
  /** Three numbers of the uplink's /24. */
  readonly uplink4: string
  /** Whole IPv4 network of the two, that nothing outside may be reached by. */
  readonly all4: string
}

/** A step that has a network namespace of its own on the stage's bridge. */
export interface Member {
  readonly step: string
  /** Name of the network in the stage, and of what belongs to it. */
  readonly network: string
  readonly address4: string
  readonly address6: string
  /** Of its end of the link: what its packets are told by. */
  readonly mac: string
  /** What it may reach outside; absent: what its stage may. */
  readonly allow?: readonly string[]
}

/** What the network of a stage looks like; known before anything of it is made. */
export interface NetworkPlan {
  readonly subnets: Subnets
  readonly members: readonly Member[]
  /** Whether any of its steps has a network at all. */
  readonly isUsed: boolean
}

/** Networks as `address/prefix length`. */
export interface Networks {
  readonly v4: readonly string[]
  readonly v6: readonly string[]
}

/** IP versions that something can do. */
export interface Families {
  readonly v4: boolean
  readonly v6: boolean
}
