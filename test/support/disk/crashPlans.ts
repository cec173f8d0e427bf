/**
 * The parts of the pending changes that one crash leaves on the disk. Pure: randomness is passed in. A plan gives each
 * pending change its part.
 */
import type { Random } from "../../../src/sandbox/Bytes.ts"
import type { Part } from "./content.ts"
import type { Change } from "./crashDisk.ts"

export interface CrashPlan {
  readonly name: string
  readonly partOf: (change: Change, index: number) => Part | "absent"
}

export const nothing: CrashPlan = { name: "nothing unsynced", partOf: () => "absent" }
export const everything: CrashPlan = { name: "everything unsynced", partOf: () => "whole" }

const below = (random: Random, count: number): number => Math.floor(random() * count)

/** Each is fixed before it is used: a plan gives the same answer for the same change. */
const drawn = (count: number, draw: (index: number) => Part | "absent"): CrashPlan["partOf"] => {
  const parts = Array.from({ length: count }, (_, index) => draw(index))
  return (_, index) => parts[index]!
}

/** Some sectors, chosen by one number for the whole write. */
const torn = (random: Random): Part => {
  const seed = below(random, 2 ** 31)
  return (sector) => (Math.imul(sector + seed, 0x9e3779b1) >>> 16) % 2 === 0
}

const anyPart = (random: Random): Part | "absent" =>
  (["whole", "absent", "size", torn(random)] as const)[below(random, 4)]!

/** Draws a plan of each kind. A later change may be on the disk without an earlier one. */
export const plansFor = (count: number, random: Random): ReadonlyArray<CrashPlan> => {
  if (count === 0) return [nothing]
  const kinds: ReadonlyArray<() => CrashPlan> = [
    () => {
      const first = below(random, count + 1)
      return { name: `the first ${first}`, partOf: drawn(count, (i) => (i < first ? "whole" : "absent")) }
    },
    () => {
      const first = below(random, count)
      return { name: `all from ${first}`, partOf: drawn(count, (i) => (i >= first ? "whole" : "absent")) }
    },
    () => {
      const only = below(random, count)
      return { name: `only ${only}`, partOf: drawn(count, (i) => (i === only ? "whole" : "absent")) }
    },
    () => {
      const without = below(random, count)
      return { name: `all but ${without}`, partOf: drawn(count, (i) => (i === without ? "absent" : "whole")) }
    },
    () => {
      const at = below(random, count)
      return { name: `${at} torn`, partOf: drawn(count, (i) => (i === at ? torn(random) : "whole")) }
    },
    () => ({ name: "a random subset", partOf: drawn(count, () => (random() < 0.5 ? "whole" : "absent")) }),
    () => ({ name: "random parts", partOf: drawn(count, () => anyPart(random)) }),
  ]
  return [nothing, everything, ...kinds.map((plan) => plan())]
}
