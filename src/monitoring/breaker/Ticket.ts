/** What a turn was admitted with. Its identity is the turn's runtime attempt, one after the other. */

/** Under which epochs a turn was admitted, and whether it is the probe of one of the breakers. */
export interface Ticket {
  readonly globalEpoch: number
  readonly orgEpoch: number
  readonly probe?: "org" | "global"
}
