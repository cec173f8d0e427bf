/** The Agent2UI version of clients that do not ask for a protocol, by the origin of their page or by organisation. */
export type Agent2UIVersion = 1 | 2

export interface ProtocolRule {
  readonly by: "org" | "origin"
  /** An organisation's id, or a pattern of origins. */
  readonly value: string
  readonly protocol: Agent2UIVersion
}

export interface ProtocolDefaults {
  readonly protocol: Agent2UIVersion
  readonly rules: ReadonlyArray<ProtocolRule>
}
