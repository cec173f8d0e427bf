import { afterAll, beforeAll, describe, expect, inject, it } from "vitest"
import { dashboards } from "../../scripts/grafana-dashboards.ts"
import { eventually } from "../support/chatClient.ts"
import { hasPrometheus, Prometheus } from "../support/prometheus.ts"
import { startRedis } from "../support/redis.ts"
import { type Receiver, startReceiver, webhookEnv } from "../support/webhookReceiver.ts"
import { useWorld } from "../support/world.ts"

describe.skipIf(!hasPrometheus() || inject("redisUrl") === undefined)(
  "a real Prometheus beside a real gateway",
  () => {
    // A Redis per file, because replicas on one Redis share their breaker.
    let redis: Awaited<ReturnType<typeof startRedis>>
    let receiver: Receiver
    beforeAll(async () => {
      redis = await startRedis()
      receiver = await startReceiver("slack")
    })
    afterAll(async () => {
      await redis?.stop()
      await receiver?.stop()
    })
    const world = useWorld(() => ({
      CHAT_RUNTIME_SHADOW_PERCENT: "100",
      METRICS_ORG_LABELS: "acme",
      MAX_STREAMS_PER_USER: "1",
      REDIS_URL: redis.url,
      NOTIFY_WEBHOOKS: "chat",
      ...webhookEnv("chat", "slack", receiver.url),
    }))
    let prometheus: Prometheus

    /** Produces every kind of data: both modes, a fallback, shadows, a refusal, an operator override. */
    beforeAll(async () => {
      prometheus = await Prometheus.start(world.gateway.url)
      // Prometheus discovers its targets five seconds after its start.
      await eventually(async () => (await prometheus.query("crossfade_build_info")).length > 0, 20)
      await (await world.client.start("hello")).rest()
      await (await world.client.start({ scenario: "error", code: "INTERNAL_ERROR" })).rest()
      const slow = await world.client.start({ scenario: "slow", count: 3, delay_ms: 300 })
      await world.client.request("POST", "/api/v1/chat/start", {
        agentId: "00000000-0000-4000-8000-000000000001",
        message: "one more",
      })
      await slow.rest()
      await world.operator.json("POST", "/api/v1/runtime/fallback/force", {
        mode: "direct_llm",
        reason: "drill",
      })
      // A rate needs two scrapes after the last change.
      await eventually(async () => {
        const [moved] = await prometheus.query("sum(increase(crossfade_breaker_transitions_total[1h]))")
        return (moved?.value ?? 0) > 0
      })
    }, 60_000)
    afterAll(() => prometheus?.stop())

    const panels = Object.values(dashboards).flatMap(({ rows }) => rows.flatMap((row) => row.panels))
    const queries = panels.flatMap((panel) => panel.queries.map(({ expr }) => [panel.title, expr] as const))

    it.each(queries)("answers the panel %s: %s", async (_, expr) => {
      expect(await eventually(async () => (await prometheus.query(expr)).length)).toBeGreaterThan(0)
    })

    it("has the figures of the turns that ran", async () => {
      const value = async (expr: string) => (await prometheus.query(expr))[0]?.value
      expect(await value('crossfade_fallbacks_total{cause="INTERNAL_ERROR"}')).toBeUndefined()
      expect(await value('sum(crossfade_fallbacks_total{from="runtime_orchestrator"})')).toBe(1)
      expect(await value("max(chat_runtime_fallback_enabled)")).toBe(1)
      expect(await value('crossfade_breaker_state{scope="all",state="forced_direct"}')).toBe(1)
      expect(await value('sum(crossfade_admission_refused_total{reason="user_streams"})')).toBe(1)
      expect(await value("sum(crossfade_turns_total)")).toBe(3)
    })
  },
)
