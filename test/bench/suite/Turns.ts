/** Turns against several services in alternation, so that a disturbance of the machine affects all of them. */
import type { Order } from "./load.ts"
import { cpuMs } from "./Measures.ts"
import type { Load } from "./Processes.ts"

export interface Contestant {
  readonly name: string
  readonly pid: number
  readonly order: Pick<Order, "url" | "path" | "headers" | "body" | "tokens">
  /** Turns of a round: enough that its time can be measured. */
  readonly turns: number
  /** Turns before the first round, so that hot code is compiled; default: the turns of three rounds. */
  readonly before?: number
  /** A concurrency of its own, for lanes that vary it. */
  readonly concurrency?: number
}

/** One value of each round. */
export interface Measured {
  readonly name: string
  /** The service's processes, milliseconds a turn. */
  readonly cpu: ReadonlyArray<number>
  readonly perSecond: ReadonlyArray<number>
}

export const race = async (
  load: Load,
  contestants: ReadonlyArray<Contestant>,
  options: { readonly rounds: number; readonly concurrency: number; readonly parts: number },
): Promise<ReadonlyArray<Measured>> => {
  const { parts, rounds } = options
  const results = contestants.map(({ name }) => ({
    name,
    cpu: [] as Array<number>,
    perSecond: [] as Array<number>,
  }))
  const once = async (index: number, turns: number) => {
    const { concurrency = options.concurrency, name, order, pid } = contestants[index]!
    const before = cpuMs(pid)
    const { failed, seconds } = await load.run({ ...order, turns, concurrency, parts })
    if (failed > 0) throw new Error(`${name}: ${failed} of ${turns} turns failed`)
    return { cpu: (cpuMs(pid) - before) / turns, rate: turns / seconds }
  }
  for (const [index, { before, turns }] of contestants.entries()) await once(index, before ?? 3 * turns)
  for (let round = 0; round < rounds; round++) {
    for (let step = 0; step < contestants.length; step++) {
      const index = (round + step) % contestants.length
      const { cpu, rate } = await once(index, contestants[index]!.turns)
      results[index]!.cpu.push(cpu)
      results[index]!.perSecond.push(rate)
    }
  }
  return results
}

/** A lane knows the names of its own contestants. */
export const named = (found: ReadonlyArray<Measured>, name: string): Measured | undefined =>
  found.find((one) => one.name === name)
