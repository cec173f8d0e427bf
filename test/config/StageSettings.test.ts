import { assert, describe, it } from "@effect/vitest"
import { runtimeAt } from "../support/fixtures.ts"
import * as RuntimeErrorText from "../../src/domain/RuntimeErrorText.ts"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Config from "../../src/config/Config.ts"
import * as StageSettings from "../../src/app/StageSettings.ts"

const provider = (name: string, model: string) => ({
  [`DIRECT_LLM_${name}_KIND`]: "openai-compatible",
  [`DIRECT_LLM_${name}_BASE_URL`]: "http://llm/v1",
  [`DIRECT_LLM_${name}_MODEL`]: model,
})

describe("the settings of each stage", () => {
  it.effect("route each number to its stage, and to no other", () =>
    Effect.gen(function* () {
      const settings = yield* Config.read({
        CHAT_FIRST_CONTENT_TIMEOUT_MS: "1",
        CHAT_STALL_TIMEOUT_MS: "2",
        CHAT_CALL_TIMEOUT_MS: "4",
        CHAT_RUNTIME_TIMEOUT_THRESHOLD_MS: "3",
        DIRECT_LLM_PROVIDERS: "a,b",
        ...provider("A", "m"),
        ...provider("B", "m"),
        CHAT_RETRACT_PARTIAL: "false",
        CHAT_EXECUTION_MODE: "direct_llm",
        CHAT_RUNTIME_ENABLED_ORGS: "acme,umbrella,acme",
        CHAT_RUNTIME_PERCENT: "2.5",
        CHAT_RUNTIME_SHADOW_PERCENT: "4",
        CHAT_RUNTIME_MONITOR_WINDOW_MS: "5000",
        CHAT_RUNTIME_MONITOR_MIN_SAMPLES: "6",
        CHAT_RUNTIME_ERROR_RATE_THRESHOLD: "0.7",
        CHAT_RUNTIME_TIMEOUT_RATE_THRESHOLD: "0.8",
        CHAT_RUNTIME_LATENCY_RATIO_THRESHOLD: "0.9",
      })
      assert.deepStrictEqual(StageSettings.execution(settings), {
        limits: { firstContentMs: 1, stallMs: 2, callMs: 4, totalMs: 3 },
        directStallMs: 2,
        retractPartial: false,
        fallbackOnContentFilter: false,
      })
      assert.deepStrictEqual<unknown>(StageSettings.rollout(settings).settings, {
        defaultMode: "direct_llm",
        percentage: 2.5,
        enabledOrgs: ["acme", "umbrella"],
        deniedOrgs: [],
        rules: [],
        shadowPercentage: 4,
        thresholds: { errorRate: 0.7, timeoutRate: 0.8, latencyRatio: 0.9, minSamples: 6 },
      })
      // A shadow has no more time than the turn, and never more than its own limits.
      assert.deepStrictEqual(StageSettings.shadow(settings), {
        limits: { firstContentMs: 1, stallMs: 2, callMs: 4, totalMs: 3 },
        storeTexts: false,
        judge: "",
      })
      const patient = yield* Config.read({
        CHAT_FIRST_CONTENT_TIMEOUT_MS: "300000",
        CHAT_STALL_TIMEOUT_MS: "300000",
        SHADOW_STORE_TEXT: "true",
      })
      assert.deepStrictEqual(StageSettings.shadow(patient), {
        limits: { firstContentMs: 30_000, stallMs: 300_000, callMs: 120_000, totalMs: 120_000 },
        storeTexts: true,
        judge: "",
      })
      assert.deepStrictEqual(StageSettings.monitor(settings), {
        windowMs: 5000,
        minSamples: 6,
        errorRate: 0.7,
        timeoutRate: 0.8,
        latencyRatio: 0.9,
        timeoutThresholdMs: 3,
        probes: false,
        providers: ["a", "b"],
      })
    }),
  )

  it.effect(
    "allow 30 s of silence to a direct provider, and the runtime as long as its model calls last",
    () =>
      Effect.gen(function* () {
        const { directStallMs, limits } = StageSettings.execution(yield* Config.read({}))
        assert.deepStrictEqual(
          [directStallMs, limits],
          [30_000, { firstContentMs: 30_000, stallMs: 130_000, callMs: 120_000, totalMs: 300_000 }],
        )
      }),
  )

  it.effect("let an answer with a finish reason end before any deadline of its attempt", () =>
    Effect.gen(function* () {
      const longestClosingMs = (environment: Readonly<Record<string, string>>) =>
        Effect.map(Config.read(environment), (settings) => StageSettings.targets(settings).longestClosingMs)
      assert.strictEqual(yield* longestClosingMs({}), 15_000)
      assert.strictEqual(yield* longestClosingMs({ CHAT_STALL_TIMEOUT_MS: "1000" }), 500)
      assert.strictEqual(yield* longestClosingMs({ CHAT_FIRST_CONTENT_TIMEOUT_MS: "600" }), 300)
      assert.strictEqual(yield* longestClosingMs({ CHAT_RUNTIME_TIMEOUT_THRESHOLD_MS: "800" }), 400)
    }),
  )

  it.effect("record for each rollout setting if the environment sets it", () =>
    Effect.gen(function* () {
      const none = StageSettings.rollout(yield* Config.read({}))
      assert.deepStrictEqual([...new Set(Object.values(none.from))], ["default"])
      const some = StageSettings.rollout(
        yield* Config.read({
          CHAT_EXECUTION_MODE: "direct_llm",
          CHAT_RUNTIME_PERCENT: "0",
          CHAT_RUNTIME_ENABLED_ORGS: " ",
          CHAT_RUNTIME_MONITOR_MIN_SAMPLES: "10",
        }),
      )
      assert.deepStrictEqual(some.from, {
        defaultMode: "environment",
        percentage: "environment",
        enabledOrgs: "default",
        deniedOrgs: "default",
        rules: "default",
        shadowPercentage: "default",
        thresholds: "environment",
      })
    }),
  )

  it.effect("pass an agent's own model to the first provider, and no provider's model to the runtime", () =>
    Effect.gen(function* () {
      const settings = yield* Config.read({
        RUNTIME_SERVICE_URL: "http://runtime:8801/",
        DIRECT_LLM_PROVIDERS: "a,b",
        ...provider("A", "small"),
        ...provider("B", "large"),
      })
      assert.deepStrictEqual(StageSettings.runtimes(settings), [
        runtimeAt("http://runtime:8801", { errorPatterns: RuntimeErrorText.defaults, linksFiles: false }),
      ])
      assert.deepStrictEqual(
        StageSettings.providers(settings).map(({ model, name, takesAgentModel }) => [
          name,
          model,
          takesAgentModel,
        ]),
        [
          ["a", "small", true],
          ["b", "large", false],
        ],
      )
    }),
  )

  it.effect("let a runtime fetch files at PUBLIC_URL, and send it the listed kinds alone", () =>
    Effect.gen(function* () {
      const kindsOf = (RUNTIME_ATTACHMENTS: string) =>
        Effect.map(
          Config.read({
            RUNTIME_SERVICE_URL: "http://runtime",
            PUBLIC_URL: "https://chat.example",
            RUNTIME_ATTACHMENTS,
          }),
          (settings) =>
            StageSettings.runtimes(settings).map(({ attachments, linksFiles }) => [linksFiles, attachments]),
        )
      assert.deepStrictEqual(yield* kindsOf("pdf,image"), [[true, ["image", "pdf"]]])
      assert.deepStrictEqual(yield* kindsOf("none"), [[true, []]])
    }),
  )

  it.effect("have no runtime without its address, and both upstreams with the sandbox", () =>
    Effect.gen(function* () {
      const settings = yield* Config.read({})
      assert.deepStrictEqual(StageSettings.runtimes(settings), [])
      assert.deepStrictEqual(StageSettings.providers(settings), [])
      const urls = { runtimeUrl: "http://127.0.0.1:1", modelUrl: "http://127.0.0.1:2" }
      const sandbox = StageSettings.withSandbox(settings, urls)
      assert.deepStrictEqual(StageSettings.runtimes(sandbox), [
        runtimeAt(urls.runtimeUrl, { errorPatterns: RuntimeErrorText.defaults, linksFiles: false }),
      ])
      assert.deepStrictEqual(
        StageSettings.providers(sandbox).map(({ baseUrl, kind }) => [kind, baseUrl]),
        [["sandbox", "http://127.0.0.1:2/v1"]],
      )
    }),
  )

  it.effect("send calls to upstreams through the proxy, but not the sandbox's", () =>
    Effect.gen(function* () {
      const settings = yield* Config.read({ HTTP_PROXY: "http://proxy:1", NO_PROXY: "runtime" })
      const { except, http, https } = StageSettings.proxy(settings)
      assert.deepStrictEqual(
        [http && Redacted.value(http), https, except],
        ["http://proxy:1", undefined, "runtime"],
      )
      const urls = { runtimeUrl: "http://127.0.0.1:1", modelUrl: "http://127.0.0.1:2" }
      const sandboxed = StageSettings.proxy(StageSettings.withSandbox(settings, urls))
      // Webhooks still go through the proxy.
      assert.strictEqual(sandboxed.http && Redacted.value(sandboxed.http), "http://proxy:1")
      assert.strictEqual(sandboxed.except, "runtime,127.0.0.1")
      const all = StageSettings.withSandbox({ ...settings, NO_PROXY: "*" }, urls)
      assert.strictEqual(StageSettings.proxy(all).except, "*")
    }),
  )

  it.effect("generate a data key unless production shares its database", () =>
    Effect.gen(function* () {
      const mayMake = (env: Config.Environment) =>
        Effect.map(
          Config.read({ RUNTIME_SERVICE_URL: "http://runtime:8801", ...env }),
          (settings) => StageSettings.dataKeys(settings).mayMake,
        )
      const production = { NODE_ENV: "production", AUTH_JWT_SECRET: "r7Kp2Xw9Qz4Lm6Vb1Nc8Td3Yf5Hg0JsUa" }
      const DATABASE_URL = "postgres://db/x"
      assert.isTrue(yield* mayMake({}))
      assert.isTrue(yield* mayMake({ DATABASE_URL }))
      assert.isTrue(yield* mayMake(production))
      assert.isFalse(yield* mayMake({ ...production, DATABASE_URL }))
    }),
  )
})
