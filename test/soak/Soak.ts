/**
 * A soak: a few turns a second, random faults, and the invariants checked for each turn at its end, and for all of
 * them after the load. The seed gives the same visitors and the same faults; their interleaving depends on the
 * machine.
 */
import { Client, eventually, operatorToken, tokenFor } from "../support/chatClient.ts"
import { type Dice, dice } from "../fuzz/Mutation.ts"
import { type Fault, faults } from "./Faults.ts"
import * as Invariants from "./Invariants.ts"
import { clocks, SoakWorld } from "./SoakWorld.ts"
import { type Visit, visit } from "./Visit.ts"

export interface SoakOptions {
  readonly seconds: number
  readonly seed: number
  readonly log: (line: string) => void
}

export interface Soaked {
  /** Empty if there are none. Each names its turn or its counter. */
  readonly violations: ReadonlyArray<string>
  readonly turns: number
  readonly refused: number
  readonly faults: number
  readonly transitions: number
  readonly heapGrownBytes: number
  readonly handlesGrown: number
}

/** The monitor's window. */
const windowMs = Number(clocks.CHAT_RUNTIME_MONITOR_WINDOW_MS)
const turnsPerSecond = 4
const orgs = 4
const usersOfOrg = 3
/** Room for caches, pools and the JIT after the first turns. */
const mostHeapGrown = 40 * 1024 * 1024
const mostHandlesGrown = 10

/** Long enough for a breaker to open, short enough that there are some every minute. */
const longestFaultMs = 9000

type Ended = Pick<Invariants.Kept, "status" | "attempts"> & { readonly org: string }

const wait = (ms: number) => new Promise<void>((over) => setTimeout(over, ms))

class Soak {
  /** One small entry for each accepted turn, so that hours of them fit in memory. */
  readonly runs: Array<Ended> = []
  readonly violations: Array<string> = []
  refused = 0
  faultCount = 0
  readonly #world: SoakWorld
  readonly #options: SoakOptions
  readonly #clients = new Map<string, Promise<Client>>()

  constructor(world: SoakWorld, options: SoakOptions) {
    this.#world = world
    this.#options = options
  }

  as(org: string, user: string): Promise<Client> {
    const key = `${org} ${user}`
    const made =
      this.#clients.get(key) ??
      tokenFor(org, user).then((token) => new Client(this.#world.gateway.url, token))
    this.#clients.set(key, made)
    return made
  }

  async operator(): Promise<Client> {
    return new Client(this.#world.gateway.url, await operatorToken())
  }

  async #visit(number: number): Promise<void> {
    const own = dice(this.#options.seed * 1_000_003 + number)
    const org = `org-${own.below(orgs)}`
    const client = await this.as(org, `user-${own.below(usersOfOrg)}`)
    const seen = await visit(client, number, own)
    this.#report(seen, Invariants.ofVisit(seen))
    if (seen.runId === undefined) {
      this.refused++
      return
    }
    try {
      const kept = await keptOf(client, seen.runId, seen.sessionId)
      this.#report(seen, Invariants.ofRun(seen, kept))
      this.runs.push({ org, status: kept.status, attempts: kept.attempts })
    } catch (cause) {
      this.#report(seen, [`its run is not to be had: ${String(cause)}`])
    }
  }

  #report({ behaviour, number, runId }: Visit, found: ReadonlyArray<string>): void {
    for (const what of found) {
      const violation = `turn ${number} (${behaviour}, run ${runId}): ${what}`
      this.#options.log(violation)
      this.violations.push(violation)
    }
  }

  /** Turns begin at random moments, independently of earlier ones. */
  async traffic(until: number): Promise<void> {
    const own = dice(this.#options.seed)
    const underWay: Array<Promise<void>> = []
    for (let number = 0; performance.now() < until; number++) {
      underWay.push(this.#visit(number))
      await wait((own.below(2000) + 1) / turnsPerSecond)
    }
    await Promise.all(underWay)
  }

  async disturb(list: ReadonlyArray<Fault>, own: Dice, until: number): Promise<void> {
    while (performance.now() < until) {
      await wait(500 + own.below(4000))
      const fault = own.pick(list)
      const fix = await fault.begin(this.#world)
      this.faultCount++
      this.#options.log(`${fault.name}: on`)
      await wait(300 + own.below(fault.longestMs ?? longestFaultMs))
      await fix()
    }
  }
}

/** The ended run, from everything that is stored. */
const keptOf = async (client: Client, runId: string, sessionId: string): Promise<Invariants.Kept> => {
  const run = await eventually(async () => {
    const { data } = await client.json("GET", `/api/v1/chat/runs/${runId}`)
    return data.status !== "running" && data
  }, 30)
  const session = (await client.json("GET", `/api/v1/chat/sessions/${sessionId}`)).data
  const answer = session.messages.find(
    (message: { readonly runId?: string; readonly role: string }) =>
      message.role === "assistant" && message.runId === runId,
  )
  const replay = (await (await client.events(runId)).rest()).filter(({ seq }) => seq !== undefined)
  return { status: run.status, attempts: run.attempts, answer: answer?.content, replay }
}

const breakerOf = async (soak: Soak) => {
  const operator = await soak.operator()
  const history = await operator.json("GET", "/api/v1/runtime/fallback/history?limit=1000")
  const transitions: ReadonlyArray<Invariants.Transition> = history.data
  return { transitions, found: Invariants.ofBreaker(transitions, Invariants.faultsOf(soak.runs), windowMs) }
}

const quiet = (world: SoakWorld): Promise<unknown> =>
  eventually(async () => {
    const samples = await world.metrics()
    const still = samples.filter(
      ({ name }) => name === "crossfade_runs_in_flight" || name === "crossfade_streams_open",
    )
    return still.length === 2 && still.every(({ value }) => value === 0)
  }, 60)

/** Idle pooled connections close by themselves. */
const idleHandles = async (world: SoakWorld, before: number): Promise<number> => {
  await eventually(() => Promise.resolve(world.handles() <= before), 20).catch(() => undefined)
  return world.handles()
}

const warm = async (soak: Soak): Promise<void> => {
  const client = await soak.as("warm", "up")
  for (let turn = 0; turn < 20; turn++) await (await client.start({ scenario: "all" })).rest()
}

/** Growth of the gateway's heap and handles since before the faults. */
const growthOf = async (world: SoakWorld, before: { readonly heap: number; readonly handles: number }) => {
  const heapGrownBytes = (await world.heap()) - before.heap
  const handlesGrown = (await idleHandles(world, before.handles)) - before.handles
  const found = [
    ...(heapGrownBytes > mostHeapGrown ? [`the heap has grown by ${heapGrownBytes} bytes`] : []),
    ...(handlesGrown > mostHandlesGrown ? [`${handlesGrown} handles more are open`] : []),
  ]
  return { heapGrownBytes, handlesGrown, found }
}

const soaked = async (world: SoakWorld, options: SoakOptions): Promise<Soaked> => {
  const soak = new Soak(world, options)
  await warm(soak)
  const before = { heap: await world.heap(), handles: world.handles() }
  const counted = await world.metrics()
  const until = performance.now() + options.seconds * 1000
  const disturbances = faults.map((list, at) => soak.disturb(list, dice(options.seed * 31 + at), until))
  await Promise.all([soak.traffic(until), ...disturbances])
  await quiet(world)
  const breaker = await breakerOf(soak)
  const counters = Invariants.ofCounters(soak.runs, Invariants.since(counted, await world.metrics()))
  const { found, ...growth } = await growthOf(world, before)
  return {
    ...growth,
    violations: [...soak.violations, ...breaker.found, ...counters, ...found],
    turns: soak.runs.length,
    refused: soak.refused,
    faults: soak.faultCount,
    transitions: breaker.transitions.length,
  }
}

export const runSoak = async (options: SoakOptions): Promise<Soaked> => {
  const world = await SoakWorld.start(options.seed)
  try {
    return await soaked(world, options)
  } finally {
    await world.stop()
  }
}
