/**
 * The lane of live turns: the memory of a turn that waits for an upstream of its own, beside the floor's. Both hold two
 * sockets for each turn. Garbage is collected before each reading.
 */
import { execFileSync } from "node:child_process"
import { setTimeout as sleep } from "node:timers/promises"
import type { Running } from "../../support/processes.ts"
import { type Bench, floorOrder, orderOf } from "./Lanes.ts"
import type { Order } from "./load.ts"
import { Load, startBenchGateway, startFloor } from "./Processes.ts"
import { memoryOf, reporting } from "./Reports.ts"
import { atMost, type Figure } from "./Result.ts"
import { deltas } from "./shape.ts"

/** `mute`: the upstream sends nothing; `silent`: the headers; `hang`: one event. */
const shapes = ["mute", "silent", "hang"] as const
type Shape = (typeof shapes)[number]

/** KB a turn. */
interface Memory {
  readonly resident: number
  readonly heap: number
  readonly external: number
}

/** With direct mode, turns would leave a silent runtime after seconds. */
const env = { ...reporting("reportMemory"), DIRECT_LLM_PROVIDERS: "" }

/** A turn has two sockets in the measured process. The rest is for its files and listeners. */
const mostTurns = (): number =>
  (Number(execFileSync("sh", ["-c", "ulimit -n"], { encoding: "utf8" })) || Number.POSITIVE_INFINITY) / 2 -
  200

const waitingIn = async ({ url }: Running): Promise<number> =>
  Number(await (await fetch(`${url}/waiting`)).text())

const step = 100
const stepWithinMs = 30_000

/** Sends turns in small steps, until the upstream has `count` more of them. */
const hold = async (load: Load, upstreams: Running, order: Order, count: number): Promise<void> => {
  const before = await waitingIn(upstreams)
  for (let sent = 0; sent < count;) {
    const turns = Math.min(step, count - sent)
    await load.run({ ...order, turns })
    sent += turns
    const until = performance.now() + stepWithinMs
    while ((await waitingIn(upstreams)) < before + sent) {
      if (performance.now() > until)
        throw new Error(`${count} live turns: one of the last ${step} is missing`)
      await sleep(10)
    }
  }
}

type Measured = Pick<Order, "url" | "path" | "headers" | "body">

/** The first turns compile the code and pay for shared memory. */
const measure = async (
  running: Running,
  upstreams: Running,
  orderFor: (shape: string) => Measured,
  shape: Shape,
  turns: number,
): Promise<Memory> => {
  const load = await Load.start()
  const sizes = { concurrency: 8, parts: deltas.burst }
  await load.run({ ...orderFor("burst"), ...sizes, turns: 500 })
  const order: Order = { ...orderFor(shape), ...sizes, turns: 0, keep: "sent" }
  await hold(load, upstreams, order, turns / 10)
  const before = await memoryOf(running)
  await hold(load, upstreams, order, turns)
  const after = await memoryOf(running)
  load.stop()
  const each = (of: (usage: NodeJS.MemoryUsage) => number) => (of(after) - of(before)) / 1024 / turns
  return {
    resident: each(({ rss }) => rss),
    heap: each(({ heapUsed }) => heapUsed),
    external: each(({ external }) => external),
  }
}

const ofGateway = async (bench: Bench, upstreams: Running, shape: Shape, turns: number): Promise<Memory> => {
  const running = await startBenchGateway(upstreams.url, "runtime_orchestrator", env)
  const orderFor = (message: string) => orderOf(bench, running, message)
  const memory = await measure(running, upstreams, orderFor, shape, turns)
  await running.dispose()
  return memory
}

const ofFloor = async (upstreams: Running, shape: Shape, turns: number): Promise<Memory> => {
  const running = await startFloor(upstreams.url, "runtime", env)
  const orderFor = (message: string) => floorOrder(running, message)
  const memory = await measure(running, upstreams, orderFor, shape, turns)
  await running.stop("SIGKILL")
  return memory
}

const limit = 45

const figuresOf = (turns: number, shape: Shape, own: Memory, floor: Memory): ReadonlyArray<Figure> => {
  const what = (part: string, name: string) => `${part} of each of ${turns} ${shape} turns, ${name}`
  const figure = (part: string, name: string, value: number): Figure => ({
    lane: "l",
    what: what(part, name),
    value,
    unit: "KB",
  })
  const value = own.resident
  const ratio = { to: "the floor", value: value / floor.resident }
  return [
    atMost({ ...figure("memory", "gateway", value), ratio }, limit, " KB"),
    figure("memory", "floor", floor.resident),
    figure("JS heap", "gateway", own.heap),
    figure("JS heap", "floor", floor.heap),
    figure("external memory", "gateway", own.external),
    figure("external memory", "floor", floor.external),
  ]
}

/** l: fewer turns than asked for where the system limits the open files. */
export const liveTurns = async (
  bench: Bench,
  upstreams: Running,
  counts: ReadonlyArray<number>,
): Promise<ReadonlyArray<Figure>> => {
  const figures: Array<Figure> = []
  for (const count of counts)
    for (const shape of shapes) {
      const turns = Math.min(count, Math.floor(mostTurns() / 1.1 / step) * step)
      const own = await ofGateway(bench, upstreams, shape, turns)
      const floor = await ofFloor(upstreams, shape, turns)
      figures.push(...figuresOf(turns, shape, own, floor))
    }
  return figures
}
