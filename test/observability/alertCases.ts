/**
 * For each alert the cases in which it must fire and those in which it must not: just below its threshold, too short,
 * already over, too few events. Values are in promtool's notation: `0+10x60` grows by 10 at each of 60 steps.
 */
import { type AlertCase, burnCases } from "./burnCases.ts"

const runtime = `mode="runtime_orchestrator"`
const direct = `mode="direct_llm"`
const attempts = (mode: string) => `chat_execution_total{${mode},instance="a"}`
const errors = (mode: string) =>
  `chat_execution_error_total{${mode},code="UPSTREAM_UNAVAILABLE",instance="a"}`
/** `all` attempts a minute, of which `bad` fail. */
const failing = (mode: string, all: number, bad: number) => ({
  [attempts(mode)]: `0+${all}x60`,
  [errors(mode)]: `0+${bad}x60`,
})
const breaker = (state: string, scope = "all") =>
  `crossfade_breaker_state{scope="${scope}",state="${state}",instance="a"}`

const runtimeDown: ReadonlyArray<Omit<AlertCase, "alert">> = [
  { when: "the breaker stays open", series: { [breaker("open")]: "0x5 1x30" }, at: "9m", fires: {} },
  {
    when: "it has been open for a minute",
    series: { [breaker("open")]: "0x5 1x30" },
    at: "7m",
    fires: false,
  },
  {
    when: "the breaker of one organisation stays open",
    series: { [breaker("open", "acme")]: "1x30", [breaker("open")]: "0x30" },
    at: "20m",
    fires: false,
  },
  {
    when: "nearly every attempt fails and the breaker may not open",
    series: { ...failing(runtime, 10, 9.5), [breaker("forced_runtime")]: "1x60" },
    at: "15m",
    fires: {},
  },
  { when: "four attempts in five fail", series: failing(runtime, 10, 8), at: "15m", fires: false },
  { when: "one attempt a minute fails", series: failing(runtime, 1, 1), at: "15m", fires: false },
]

const bothModes: ReadonlyArray<Omit<AlertCase, "alert">> = [
  {
    when: "most attempts fail in both",
    series: { ...failing(runtime, 10, 6), ...failing(direct, 10, 6) },
    at: "10m",
    fires: {},
  },
  {
    when: "direct mode still answers half of them",
    series: { ...failing(runtime, 10, 10), ...failing(direct, 10, 5) },
    at: "10m",
    fires: false,
  },
  {
    when: "both had a single attempt",
    series: { ...failing(runtime, 0.2, 0.2), ...failing(direct, 0.2, 0.2) },
    at: "10m",
    fires: false,
  },
]

const errorRate: ReadonlyArray<Omit<AlertCase, "alert">> = [
  {
    when: "one attempt in nine fails, for ten minutes",
    series: failing(direct, 9, 1),
    at: "11m",
    fires: { mode: "direct_llm" },
  },
  { when: "one in eleven fails", series: failing(direct, 11, 1), at: "11m", fires: false },
  { when: "it has been so for three minutes", series: failing(direct, 9, 1), at: "4m", fires: false },
  { when: "there are three attempts a minute", series: failing(direct, 3, 1), at: "11m", fires: false },
]

/** All attempts take longer than `from` and at most `to`. */
const lasting = (from: number, to: number, aMinute = 10) => {
  const bucket = (le: string) => `chat_execution_latency_ms_bucket{${runtime},le="${le}",instance="a"}`
  return {
    [attempts(runtime)]: `0+${aMinute}x60`,
    [bucket(String(from))]: "0x60",
    [bucket(String(to))]: `0+${aMinute}x60`,
    [bucket("+Inf")]: `0+${aMinute}x60`,
  }
}

const latency: ReadonlyArray<Omit<AlertCase, "alert">> = [
  {
    when: "attempts take one to two minutes",
    series: lasting(60_000, 120_000),
    at: "20m",
    fires: { mode: "runtime_orchestrator" },
  },
  { when: "they take up to a minute", series: lasting(30_000, 60_000), at: "20m", fires: false },
  { when: "it has been so for eight minutes", series: lasting(60_000, 120_000), at: "8m", fires: false },
  { when: "there are three attempts a minute", series: lasting(60_000, 120_000, 3), at: "20m", fires: false },
]

const stalling = (all: number, stalled: number) => ({
  [attempts(runtime)]: `0+${all}x60`,
  [`crossfade_stalls_total{${runtime},instance="a"}`]: `0+${stalled}x60`,
})

const stalls: ReadonlyArray<Omit<AlertCase, "alert">> = [
  {
    when: "six attempts in a hundred stall",
    series: stalling(100, 6),
    at: "16m",
    fires: { mode: "runtime_orchestrator" },
  },
  { when: "four in a hundred stall", series: stalling(100, 4), at: "16m", fires: false },
  { when: "it has been so for four minutes", series: stalling(100, 6), at: "5m", fires: false },
  { when: "one in ten minutes stalls", series: stalling(1, 0.1), at: "30m", fires: false },
]

const fallback = `chat_runtime_fallback_enabled{instance="a"}`
const opened = (scope: string) =>
  `crossfade_breaker_transitions_total{scope="${scope}",to="open",instance="a"}`
const switching: ReadonlyArray<AlertCase> = [
  { alert: "FallbackOn", when: "it stays on", series: { [fallback]: "1x30" }, at: "6m", fires: {} },
  {
    alert: "FallbackOn",
    when: "one replica says so",
    series: { [fallback]: "1x30", [fallback.replace("a", "b")]: "0x30" },
    at: "6m",
    fires: {},
  },
  {
    alert: "FallbackOn",
    when: "it has been on for three minutes",
    series: { [fallback]: "0x2 1x30" },
    at: "6m",
    fires: false,
  },
  {
    alert: "FallbackFlapping",
    when: "it opens each ten minutes",
    series: { [opened("all")]: "0x9 1x9 2x9 3x9 4x9 5x30" },
    at: "60m",
    fires: {},
  },
  {
    alert: "FallbackFlapping",
    when: "it opens twice in an hour",
    series: { [opened("all")]: "0x20 1x20 2x30" },
    at: "60m",
    fires: false,
  },
  {
    alert: "FallbackFlapping",
    when: "organisations leave one after the other",
    series: { [opened("org")]: "0+1x60" },
    at: "60m",
    fires: false,
  },
]

const build = `crossfade_build_info{instance="a",job="crossfade",version="1",node="24"}`
const up = `up{instance="a",job="crossfade"}`
const delay = (quantile: string) => `crossfade_event_loop_delay_ms{quantile="${quantile}",instance="a"}`
const ofA = { instance: "a" }
const process: ReadonlyArray<AlertCase> = [
  { alert: "NoData", when: "nothing was ever scraped", series: { other: "1x30" }, at: "6m", fires: {} },
  {
    alert: "NoData",
    when: "one gateway is gone",
    series: { [build]: "1x30", [up]: "1x4 0x30" },
    at: "11m",
    fires: { ...ofA, job: "crossfade" },
  },
  {
    alert: "NoData",
    when: "one has been away for the time of a restart",
    series: { [build]: "1x30", [up]: "1x4 0x30" },
    at: "8m",
    fires: false,
  },
  {
    alert: "EventLoopDelay",
    when: "it is late for long",
    series: { [delay("0.99")]: "220x30" },
    at: "6m",
    fires: ofA,
  },
  {
    alert: "EventLoopDelay",
    when: "it is a little late",
    series: { [delay("0.99")]: "180x30" },
    at: "20m",
    fires: false,
  },
  {
    alert: "EventLoopDelay",
    when: "it has been late for three minutes",
    series: { [delay("0.99")]: "20x2 220x30" },
    at: "6m",
    fires: false,
  },
  {
    alert: "EventLoopDelay",
    when: "only the worst moment is",
    series: { [delay("1")]: "900x30", [delay("0.99")]: "20x30" },
    at: "20m",
    fires: false,
  },
]

const store = `crossfade_store_up{instance="a"}`
const redis = `crossfade_redis_up{instance="a"}`
const failed = `crossfade_store_errors_total{instance="a"}`
const stores: ReadonlyArray<AlertCase> = [
  {
    alert: "StoreDown",
    when: "it does not answer for two minutes",
    series: { [store]: "1x3 0x30" },
    at: "6m",
    fires: ofA,
  },
  {
    alert: "StoreDown",
    when: "it has not answered once",
    series: { [store]: "1x3 0x30" },
    at: "4m",
    fires: false,
  },
  {
    alert: "StoreErrors",
    when: "two operations a minute fail",
    series: { [failed]: "0+2x30" },
    at: "12m",
    fires: {},
  },
  {
    alert: "StoreErrors",
    when: "one in two minutes fails",
    series: { [failed]: "0+0.5x30" },
    at: "20m",
    fires: false,
  },
  {
    alert: "RedisDown",
    when: "it does not answer for three minutes",
    series: { [redis]: "1x3 0x30" },
    at: "7m",
    fires: ofA,
  },
  {
    alert: "RedisDown",
    when: "it has been away for a minute",
    series: { [redis]: "1x3 0x30" },
    at: "5m",
    fires: false,
  },
  { alert: "RedisDown", when: "none is configured", series: { [store]: "1x30" }, at: "20m", fires: false },
]

const away = `crossfade_breaker_orgs_away{instance="a"}`
const autopilot = (status: string) => `crossfade_autopilot_state{status="${status}",instance="a"}`
const rolledBack = `crossfade_notifications_total{kind="autopilot.rolled_back",instance="a"}`
const delivery = (result: string) =>
  `crossfade_notification_deliveries_total{target="chat",result="${result}",instance="a"}`
const people: ReadonlyArray<AlertCase> = [
  {
    alert: "OrgBreakerOpen",
    when: "one organisation is away for more than an hour",
    series: { [away]: "1x90" },
    at: "70m",
    fires: {},
  },
  {
    alert: "OrgBreakerOpen",
    when: "it has been away for half an hour",
    series: { [away]: "0x30 1x90" },
    at: "70m",
    fires: false,
  },
  {
    alert: "AutopilotWaits",
    when: "it awaits an approval for long",
    series: { [autopilot("awaiting_approval")]: "1x60" },
    at: "20m",
    fires: { status: "awaiting_approval" },
  },
  {
    alert: "AutopilotWaits",
    when: "an operator approves within ten minutes",
    series: { [autopilot("awaiting_approval")]: "1x10 0x60" },
    at: "20m",
    fires: false,
  },
  {
    alert: "AutopilotWaits",
    when: "it runs",
    series: { [autopilot("running")]: "1x60", [autopilot("paused")]: "0x60" },
    at: "50m",
    fires: false,
  },
  {
    alert: "AutopilotRolledBack",
    when: "it stepped back a quarter of an hour ago",
    series: { [rolledBack]: "0x10 1x90" },
    at: "25m",
    fires: {},
  },
  {
    alert: "AutopilotRolledBack",
    when: "it stepped back two hours ago",
    series: { [rolledBack]: "0x10 1x180" },
    at: "130m",
    fires: false,
  },
  {
    alert: "NotificationNotDelivered",
    when: "a receiver refuses one",
    series: { [delivery("failed")]: "0x10 1x90", [delivery("delivered")]: "0x90" },
    at: "20m",
    fires: { target: "chat" },
  },
  {
    alert: "NotificationNotDelivered",
    when: "it takes one at the second try",
    series: { [delivery("retried")]: "0x10 1x90", [delivery("delivered")]: "0x11 1x90" },
    at: "20m",
    fires: false,
  },
]

const named = (alert: string, cases: ReadonlyArray<Omit<AlertCase, "alert">>) =>
  cases.map((one): AlertCase => ({ alert, ...one }))

export const cases: ReadonlyArray<AlertCase> = [
  ...burnCases,
  ...named("RuntimeDown", runtimeDown),
  ...named("BothModesFailing", bothModes),
  ...named("ErrorRateHigh", errorRate),
  ...named("LatencyHigh", latency),
  ...named("Stalls", stalls),
  ...switching,
  ...process,
  ...stores,
  ...people,
]
