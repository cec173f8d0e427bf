/** The epochs under which a turn was admitted, and whether it is the probe of one of the breakers. */
export interface Ticket {
  /** Identifies the turn's runtime attempt under way. */
  readonly id: number
  readonly globalEpoch: number
  readonly orgEpoch: number
  readonly probe?: "org" | "global"
}
