import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest"
import { all, catalogue } from "../../src/telemetry/Metrics.ts"
import { eventually } from "../support/chatClient.ts"
import { type Model, providerEnv, startModel } from "../support/modelServer.ts"
import { useObserved } from "../support/observed.ts"
import { keyOf, parse, type Sample } from "../support/prometheusText.ts"
import { type RedisServer, startRedis } from "../support/redis.ts"
import { type Receiver, startReceiver, webhookEnv } from "../support/webhookReceiver.ts"
import { latest, type Point } from "../support/received.ts"

/** The series of a point in Prometheus: a histogram has several. */
const samplesOf = ({ attributes, bounds, buckets, name, sum, type, value }: Point): ReadonlyArray<Sample> => {
  if (type !== "histogram") return [{ name, labels: attributes, value }]
  let below = 0
  return [
    { name: `${name}_count`, labels: attributes, value },
    { name: `${name}_sum`, labels: attributes, value: sum ?? 0 },
    ...buckets.map((count, index) => ({
      name: `${name}_bucket`,
      labels: { ...attributes, le: String(bounds[index] ?? "+Inf") },
      value: (below += count),
    })),
  ]
}

/** These vary by themselves. */
const { heapUsed, loopDelay, memory } = catalogue
const restless = new RegExp(`^(${[heapUsed, loopDelay, memory].map(({ name }) => name).join("|")}) `)

const byKey = (samples: ReadonlyArray<Sample>): ReadonlyMap<string, number> =>
  new Map(samples.map((sample) => [keyOf(sample), sample.value]))

const missing = inject("collector") === undefined || inject("redisUrl") === undefined

describe.skipIf(missing)("metrics in a real collector", () => {
  let redis: RedisServer
  let judge: Model
  let receiver: Receiver
  beforeAll(async () => {
    redis = await startRedis()
    judge = await startModel()
    receiver = await startReceiver("json")
  })
  afterAll(async () => {
    await judge?.stop()
    await receiver?.stop()
    await redis?.stop()
  })
  const observed = useObserved(() => ({
    REDIS_URL: redis.url,
    METRICS_ORG_LABELS: "acme",
    CHAT_RUNTIME_SHADOW_PERCENT: "100",
    CHAT_RUNTIME_SHADOW_AA_PERCENT: "0",
    SHADOW_STORE_TEXT: "true",
    SHADOW_JUDGE_PROVIDER: "judge",
    DIRECT_LLM_PROVIDERS: "a,judge",
    ...providerEnv("judge", judge.url),
    DIRECT_CACHE_ORGS: "globex",
    CHAT_STALL_TIMEOUT_MS: "500",
    CHAT_DETACH_GRACE_MS: "100",
    MAX_STREAMS_PER_USER: "2",
    TOKEN_BUDGET_ORG_PER_DAY: "1000000000",
    NOTIFY_WEBHOOKS: "oncall",
    ...webhookEnv("oncall", "json", receiver.url),
  }))
  const { world } = observed
  const statuses: Array<number> = []
  const points = () => latest(observed.collector.points())
  const sumOf = (name: string, labels: Readonly<Record<string, string>> = {}): number =>
    points()
      .filter((point) => point.name === name)
      .filter(({ attributes }) => Object.entries(labels).every(([key, value]) => attributes[key] === value))
      .reduce((sum, { value }) => sum + value, 0)
  const text = async (url: string) => parse(await (await fetch(url)).text())

  /** Waits for an export that began after now, so that it has all earlier measurements. */
  const exported = async () => {
    const now = Date.now()
    return eventually(async () => {
      const found = points()
      return found.length > 0 && found.every(({ timeMs }) => timeMs > now) && byKey(found.flatMap(samplesOf))
    }, 10)
  }

  const order = async (mode: string) => {
    await world.operator.json("POST", "/api/v1/runtime/fallback/force", { mode, reason: "drill" })
  }
  const failures = async () => {
    for (const message of [
      "hello",
      { scenario: "error", code: "INTERNAL_ERROR" },
      { scenario: "error", after_text: 2 },
      { scenario: "hang", after: "text", ping_ms: 0 },
      { scenario: "cut", after: "tool_call" },
    ])
      await (await world.client.start(message)).rest()
  }

  /** Two of one user's streams are open, and a third is refused. */
  const refusal = async () => {
    const bob = await world.as("acme", "bob")
    const open = [await bob.start({ scenario: "hang" }), await bob.start({ scenario: "hang" })]
    statuses.push((await bob.start("one more")).response.status)
    for (const stream of open) stream.leave()
  }

  /**
   * Another writer holds the database for longer than a turn waits for it. The store's own check may meet the lock first; then
   * the turn is refused without a store error.
   */
  const lockedStore = async () => {
    let status = 0
    await eventually(async () => {
      const other = new DatabaseSync(join(world.folder.path, "crossfade.db"))
      other.exec("BEGIN IMMEDIATE")
      status = (await world.client.start("not now")).response.status
      other.exec("ROLLBACK")
      other.close()
      await eventually(async () => (await world.client.request("GET", "/api/v1/health/ready")).status === 200)
      await exported()
      return sumOf(catalogue.storeErrors.name) > 0
    }, 30)
    statuses.push(status)
  }

  /** On a busy machine a shadow is dropped; then the next turn has one. */
  const judgedShadow = () =>
    eventually(async () => {
      await (await world.client.start("hello")).rest()
      await exported()
      return sumOf(catalogue.shadowJudged.name) > 0
    })

  /** The second rating replaces the first one. */
  const ratings = async () => {
    const done = (await (await world.client.start("rate me")).rest()).at(-1)
    const path = `/api/v1/chat/messages/${done?.data.messageId}/feedback`
    for (const rating of ["up", "down"]) await world.client.json("PUT", path, { rating })
  }

  beforeAll(async () => {
    await failures()
    await ratings()
    await refusal()
    await lockedStore()
    await judgedShadow()
    await order("direct_llm")
    const cached = await world.as("globex", "gus")
    for (const message of ["the same", "the same"]) await (await cached.start(message)).rest()
    await (await world.client.start("in direct mode")).rest()
    await order("runtime_orchestrator")
  }, 60_000)

  it("count each event of the catalogue at least once", async () => {
    expect(statuses).toEqual([429, 503])
    await exported()
    // A loop may meet the locked store; Loop counts its failures.
    const counts = all.filter(({ kind, name }) => kind !== "gauge" && name !== catalogue.loopFailures.name)
    // Its stdout and its answers are read here, and are small; LogOutput, StalledReaders, LiveBytes and Reads count these.
    // It has no workers, which Workers counts, and few turns: the log of SQLite stays short.
    expect(counts.map(({ name }) => name).filter((name) => sumOf(name) === 0)).toEqual([
      "crossfade_readers_cut_total",
      "crossfade_runs_ended_for_memory_total",
      "crossfade_reads_refused_total",
      "crossfade_sqlite_checkpoint_ms",
      "crossfade_worker_restarts_total",
      "crossfade_log_lines_dropped_total",
    ])
  })

  it("are exactly those of the catalogue, as described, with labels only from their closed sets", async () => {
    await exported()
    const found = points()
    const known = new Map(all.map((instrument) => [instrument.name, instrument]))
    expect([...known.keys()].filter((name) => !found.some((one) => one.name === name))).toEqual([])
    for (const { attributes, bounds, description, name, type, unit } of found) {
      const instrument = known.get(name)
      expect([name, type, unit, description]).toEqual([
        name,
        instrument?.kind,
        instrument?.unit,
        instrument?.meaning,
      ])
      expect([name, ...bounds]).toEqual([name, ...(instrument?.boundaries ?? [])])
      expect([name, new Set(Object.keys(attributes))]).toEqual([
        name,
        new Set(Object.keys(instrument?.labels ?? {})),
      ])
      const strange = Object.entries(attributes).filter(([label, value]) => {
        const allowed = instrument?.labels[label]
        return Array.isArray(allowed) && !allowed.includes(value)
      })
      expect([name, strange]).toEqual([name, []])
    }
    const orgs = found.flatMap(({ attributes: { org } }) => org ?? [])
    expect(new Set(orgs)).toEqual(new Set(["acme"]))
  })

  it("have the same values in /metrics, and the same names in the collector's Prometheus output", async () => {
    // A value that changed between two exports lies between them; an unchanged one is equal.
    const before = await exported()
    const [scraped, relayed] = [
      byKey(await text(`${world.gateway.url}/metrics`)),
      await text(observed.collector.prometheusUrl),
    ]
    const after = await exported()
    expect(new Set(scraped.keys())).toEqual(new Set(before.keys()))
    const still = [...before].filter(([key, value]) => !restless.test(key) && after.get(key) === value)
    expect(still.filter(([key, value]) => scraped.get(key) !== value)).toEqual([])
    const counts = [...before].filter(([key]) => /_total |_count |_bucket /.test(key))
    expect(
      counts.filter(([key, value]) => !(value <= scraped.get(key)! && scraped.get(key)! <= after.get(key)!)),
    ).toEqual([])
    expect(still.length).toBeGreaterThan(before.size / 2)
    const names = (samples: Iterable<string>) => new Set([...samples].map((key) => key.split(" ")[0]))
    const own = (name: string | undefined) => /^(chat|crossfade)_/.test(name ?? "")
    expect(new Set([...names(relayed.map(keyOf))].filter(own))).toEqual(names(before.keys()))
  })

  it("agree with the counts of the admin API", async () => {
    // The gauge changes without a turn.
    await order("direct_llm")
    await exported()
    const { direct, fallbackEnabled, runtime } = (await world.operator.json("GET", "/api/v1/runtime/metrics"))
      .data
    for (const [mode, api] of [
      ["runtime_orchestrator", runtime],
      ["direct_llm", direct],
    ] as const) {
      const [succeeded, failed] = [
        sumOf("chat_execution_success_total", { mode }),
        sumOf("chat_execution_error_total", { mode }),
      ]
      expect([mode, succeeded, succeeded + failed]).toEqual([mode, api.success, api.total])
      // The API leaves out attempts that say nothing of the mode, such as a cancel.
      const neutral = sumOf("crossfade_org_attempts_total", { mode, outcome: "neutral" })
      expect([mode, sumOf("chat_execution_total", { mode })]).toEqual([mode, api.total + neutral])
      expect([mode, sumOf("chat_execution_latency_ms", { mode })]).toEqual([mode, api.total + neutral])
    }
    expect([fallbackEnabled, sumOf("chat_runtime_fallback_enabled")]).toEqual([true, 1])
    expect([
      runtime.total > 4,
      direct.total > 2,
      sumOf("crossfade_org_attempts_total", { outcome: "neutral" }),
    ]).toEqual([true, true, 2])
    expect(sumOf("chat_execution_error_total", { mode: "runtime_orchestrator", code: "TIMEOUT_STALL" })).toBe(
      1,
    )
  })
})
