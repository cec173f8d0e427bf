import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { randomBytes, randomUUID } from "node:crypto"
import * as RuntimeErrorText from "../../src/domain/RuntimeErrorText.ts"
import * as Config from "../../src/config/Config.ts"
import type { Variable } from "../../src/config/ConfigVariable.ts"

const secret = "only-for-tests-Zq7vX2mK9pLw4RtY8sBd"
const read = (env: Config.Environment = {}) => Config.read(env)

/** The message for an invalid environment, and the variables that it names. */
const refused = (env: Config.Environment) =>
  Effect.map(Effect.flip(read(env)), (error) => ({
    message: error.message,
    variables: error.problems.map(({ variable }) => variable),
  }))

const names = Object.keys(Config.variables) as ReadonlyArray<keyof typeof Config.variables>

describe("an empty environment", () => {
  it.effect("gives every default of the contract", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual<unknown>(yield* read(), {
        NODE_ENV: "development",
        HOST: "127.0.0.1",
        PORT: 3001,
        DATA_DIR: "./data",
        DATABASE_URL: undefined,
        DATABASE_POOL_SIZE: 10,
        DATABASE_STATEMENT_TIMEOUT_MS: 5000,
        DATABASE_TLS: "",
        REDIS_URL: undefined,
        RUN_EVENTS_RETENTION_DAYS: 30,
        DATA_KEY: undefined,
        DATA_KEYS_PREVIOUS: [],
        MCP_ALLOWED_HOSTS: [],
        AUTH_JWT_SECRET: undefined,
        AUTH_JWT_PREVIOUS_SECRETS: [],
        AUTH_OPERATOR_SECRET: undefined,
        AUTH_OPERATOR_PREVIOUS_SECRETS: [],
        AUTH_JWKS_URL: "",
        AUTH_ISSUER: [],
        AUTH_OPERATOR_ISSUERS: [],
        AUTH_AUDIENCE: [],
        AUTH_TYP: "",
        AUTH_REQUIRE_EXP: "production",
        AUTH_REQUIRED_CLAIMS: [],
        AUTH_CLAIM_ORG: ["org_id"],
        AUTH_CLAIM_USER: ["sub"],
        AUTH_CLAIM_PERMISSIONS: ["permissions", "scope"],
        AUTH_CLAIM_ROLES: ["role", "roles"],
        AUTH_CLAIM_AUDIENCE: "aud",
        AUTH_ROLES: [],
        CORS_ALLOWED_ORIGINS: [],
        ADMIN_PORT: null,
        PAGE_CONSOLE: "",
        PAGE_DOCS: "",
        PAGE_OPENAPI: "",
        PAGE_METRICS: "",
        AGENT2UI_DEFAULT_PROTOCOL: "2",
        AGENT2UI_PROTOCOL_BY: [],
        CHAT_EXECUTION_MODE: "runtime_orchestrator",
        RUNTIME_SERVICE_URL: "",
        RUNTIME_PROTOCOL: "agent2ui",
        RUNTIME_HEADERS: {},
        RUNTIME_AGENT: "",
        RUNTIME_AG_UI_HISTORY: "full",
        RUNTIME_ATTACHMENTS: ["image", "pdf", "text"],
        RUNTIME_HEALTH_PATH: "",
        RUNTIME_ERROR_PATTERNS: RuntimeErrorText.defaults,
        CHAT_RUNTIME_ENABLED_ORGS: [],
        CHAT_RUNTIME_PERCENT: 0,
        CHAT_RUNTIME_SHADOW_PERCENT: 0,
        CHAT_RUNTIME_SHADOW_AA_PERCENT: 20,
        SHADOW_STORE_TEXT: "false",
        SHADOW_JUDGE_PROVIDER: "",
        CHAT_TITLES: "",
        CHAT_RUNTIME_TIMEOUT_THRESHOLD_MS: 300_000,
        CHAT_RUNTIME_ERROR_RATE_THRESHOLD: 0.5,
        CHAT_RUNTIME_TIMEOUT_RATE_THRESHOLD: 0.3,
        CHAT_RUNTIME_LATENCY_RATIO_THRESHOLD: 0.8,
        CHAT_RUNTIME_MONITOR_WINDOW_MS: 300_000,
        CHAT_RUNTIME_MONITOR_MIN_SAMPLES: 10,
        CHAT_RUNTIME_PROBES: "true",
        CHAT_FIRST_CONTENT_TIMEOUT_MS: 30_000,
        CHAT_STALL_TIMEOUT_MS: 130_000,
        CHAT_CALL_TIMEOUT_MS: 120_000,
        CHAT_RETRACT_PARTIAL: "true",
        CHAT_FALLBACK_ON_CONTENT_FILTER: "false",
        CHAT_HISTORY_MAX_TOKENS: 32_000,
        CHAT_DETACH_GRACE_MS: 30_000,
        SSE_HEARTBEAT_INTERVAL_MS: 30_000,
        RATE_LIMIT_USER_PER_MIN: 60,
        RATE_LIMIT_ORG_PER_MIN: 3000,
        TOKEN_BUDGET_USER_PER_DAY: 0,
        TOKEN_BUDGET_ORG_PER_DAY: 0,
        RATE_LIMIT_READS_USER_PER_MIN: 1200,
        RATE_LIMIT_READS_ORG_PER_MIN: 60_000,
        MAX_ANSWER_BYTES_IN_FLIGHT: 67_108_864,
        MAX_AGENTS_PER_ORG: 1000,
        MAX_SESSIONS_PER_ORG: 1_000_000,
        MAX_STORED_MB_PER_ORG: 51_200,
        DELETE_GRACE_DAYS: 0,
        MESSAGES_RETENTION_DAYS: { days: 0, orgs: new Map() },
        PUBLIC_URL: "",
        FILES_MAX_BYTES: 20_971_520,
        MAX_PENDING_FILES_MB_PER_USER: 200,
        MAX_FILES_MB_PER_ORG: 51_200,
        FILES_SCAN_URL: "",
        FILES_SCAN_TIMEOUT_MS: 30_000,
        FILES_S3_ENDPOINT: "",
        FILES_S3_REGION: "us-east-1",
        FILES_S3_BUCKET: "",
        FILES_S3_ACCESS_KEY_ID: "",
        FILES_S3_SECRET_ACCESS_KEY: undefined,
        FILES_S3_PATH_STYLE: "true",
        MAX_STREAMS_PER_USER: 5,
        MAX_STREAMS_PER_ORG: 50,
        MAX_STREAMS: 2000,
        MAX_LIVE_BYTES: 0,
        CHAT_ON_BUSY: "reject",
        DIRECT_CACHE_ORGS: [],
        DIRECT_CACHE_TTL_MS: 300_000,
        SHUTDOWN_GRACE_MS: 60_000,
        DIRECT_LLM_PROVIDERS: "",
        OPENAI_API_KEY: "",
        ANTHROPIC_API_KEY: "",
        HTTP_PROXY: undefined,
        HTTPS_PROXY: undefined,
        NO_PROXY: "",
        SANDBOX_RUNTIME_PORT: 8801,
        SANDBOX_MODEL_PORT: 8802,
        OTEL_EXPORTER_OTLP_ENDPOINT: "",
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "",
        OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: "",
        OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "",
        OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
        OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: "",
        OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: "",
        OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: "",
        OTEL_EXPORTER_OTLP_HEADERS: "",
        OTEL_TRACES_EXPORTER: "otlp",
        OTEL_METRICS_EXPORTER: "otlp",
        OTEL_LOGS_EXPORTER: "otlp",
        OTEL_SDK_DISABLED: "false",
        OTEL_SERVICE_NAME: "",
        OTEL_RESOURCE_ATTRIBUTES: "",
        OTEL_TRACES_SAMPLER: "parentbased_always_on",
        OTEL_TRACES_SAMPLER_ARG: 1,
        OTEL_PROPAGATORS: "tracecontext",
        OTEL_METRIC_EXPORT_INTERVAL: 60_000,
        OTEL_METRIC_EXPORT_TIMEOUT: 30_000,
        OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: "cumulative",
        OTEL_BLRP_SCHEDULE_DELAY: 1000,
        OTEL_BLRP_EXPORT_TIMEOUT: 30_000,
        OTEL_BLRP_MAX_QUEUE_SIZE: 2048,
        OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: 512,
        METRICS_ORG_LABELS: [],
        LOG_LEVEL: "info",
        LOG_CONTENT: "false",
        providers: [],
        given: new Set(),
        ignored: [],
        sandbox: true,
      })
    }),
  )

  it.effect("equals empty lines and blanks in an env file", () =>
    Effect.gen(function* () {
      const blank = Object.fromEntries(names.map((name, index) => [name, index % 2 === 0 ? "" : "  "]))
      assert.deepStrictEqual(yield* read(blank), yield* read())
    }),
  )

  it("gives a default that is itself valid, for every variable", () => {
    for (const name of names) {
      const variable: Variable<unknown> = Config.variables[name]
      assert.isDefined(variable.parse(variable.default), name)
      assert.isNotEmpty(variable.about)
      assert.isNotEmpty(variable.allowed)
    }
  })
})

describe("a valid value", () => {
  it.effect("is parsed into its type, without surrounding blanks and trailing slashes", () =>
    Effect.gen(function* () {
      const settings = yield* read({
        PORT: " 0 ",
        CHAT_RUNTIME_SHADOW_PERCENT: "12.5",
        CHAT_RUNTIME_ERROR_RATE_THRESHOLD: "1",
        RUNTIME_SERVICE_URL: "http://runtime:8801/rt//",
        CHAT_RUNTIME_ENABLED_ORGS: " acme, ,umbrella ",
        CHAT_EXECUTION_MODE: "direct_llm",
        AUTH_JWT_SECRET: secret,
        DATABASE_URL: "postgres://u:p@db/x",
      })
      assert.deepInclude(settings, {
        PORT: 0,
        CHAT_RUNTIME_SHADOW_PERCENT: 12.5,
        CHAT_RUNTIME_ERROR_RATE_THRESHOLD: 1,
        RUNTIME_SERVICE_URL: "http://runtime:8801/rt/",
        CHAT_RUNTIME_ENABLED_ORGS: ["acme", "umbrella"],
      })
      const shown = [settings.AUTH_JWT_SECRET, settings.DATABASE_URL].map((it) => it && Redacted.value(it))
      assert.deepStrictEqual(shown, [secret, "postgres://u:p@db/x"])
      assert.notInclude(`${JSON.stringify(settings)}${String(settings.AUTH_JWT_SECRET)}`, secret)
    }),
  )

  it.effect("has its length measured in bytes if it is a secret", () =>
    Effect.gen(function* () {
      yield* read({ AUTH_JWT_SECRET: "é".repeat(16) })
      assert.deepStrictEqual((yield* refused({ AUTH_JWT_SECRET: "x".repeat(31) })).variables, [
        "AUTH_JWT_SECRET",
      ])
    }),
  )
})

describe("production", () => {
  it.effect("fault 20: does not start without a signing secret", () =>
    Effect.gen(function* () {
      const { message, variables } = yield* refused({ NODE_ENV: "production" })
      assert.sameMembers([...variables], ["AUTH_JWT_SECRET", "RUNTIME_SERVICE_URL"])
      assert.include(message, "at least 32 bytes (NODE_ENV=production)")
      const upstream = { RUNTIME_SERVICE_URL: "http://runtime:8801" }
      const settings = yield* read({ NODE_ENV: "production", AUTH_JWT_SECRET: secret, ...upstream })
      assert.isDefined(settings.AUTH_JWT_SECRET)
      for (const env of ["development", "test"])
        assert.isUndefined((yield* read({ NODE_ENV: env })).AUTH_JWT_SECRET)
    }),
  )

  it.effect.each([
    ["one character", "x".repeat(64)],
    ["few characters", "abcbacabcbacbacbcabacbabcbacabca"],
    ["a few characters over and over", "abcdefghij klm".repeat(3)],
    ["a word over and over", "correct-horse-correct-horse-correct-horse-"],
    ["a known example", "your-256-bit-secret-your-256-bit-secret"],
    ["another known example", "a-string-secret-at-least-256-bits-long"],
    ["changeme", "ChangeMe-please-before-going-live!"],
    ["change me", "change-me-8fd1c0a97be24d6f9a35c2e1"],
    ["the word of .env.example", "replace-me-replace_me-replace me!!"],
    ["a password", "MyP4ssword-is-Password-for-this-app"],
    ["digits in order", "01234567890123456789012345678901"],
    ["hexadecimal digits in order", "0123456789abcdef0123456789abcdef"],
  ] as const)("fault 20: refuses a guessable secret: %s", ([, weak]) =>
    Effect.gen(function* () {
      const upstream = { RUNTIME_SERVICE_URL: "http://runtime:8801" }
      const production = { NODE_ENV: "production", ...upstream }
      const current = yield* refused({ ...production, AUTH_JWT_SECRET: weak })
      assert.deepStrictEqual(current.variables, ["AUTH_JWT_SECRET"])
      assert.include(current.message, "found a secret that can be guessed; allowed: at least 32 random bytes")
      assert.notInclude(current.message, weak)
      const previous = { ...production, AUTH_JWT_SECRET: secret, AUTH_JWT_PREVIOUS_SECRETS: weak }
      assert.deepStrictEqual((yield* refused(previous)).variables, ["AUTH_JWT_PREVIOUS_SECRETS"])
      for (const variable of ["AUTH_OPERATOR_SECRET", "AUTH_OPERATOR_PREVIOUS_SECRETS"]) {
        const found = yield* refused({ ...production, AUTH_JWT_SECRET: secret, [variable]: weak })
        assert.deepStrictEqual(found.variables, [variable])
      }
      assert.isDefined((yield* read({ AUTH_JWT_SECRET: weak })).AUTH_JWT_SECRET)
      const data = { ...production, AUTH_JWT_SECRET: secret, DATA_KEY: weak }
      assert.deepStrictEqual((yield* refused(data)).variables, ["DATA_KEY"])
      assert.isDefined((yield* read({ DATA_KEY: weak })).DATA_KEY)
    }),
  )

  it.effect("accepts random secrets in each of the usual encodings", () =>
    Effect.gen(function* () {
      for (const AUTH_JWT_SECRET of [
        ...Array.from({ length: 200 }, () => randomBytes(32).toString("hex")),
        ...Array.from({ length: 200 }, () => randomBytes(32).toString("base64")),
        ...Array.from({ length: 200 }, () => randomUUID()),
      ]) {
        const settings = { NODE_ENV: "production", RUNTIME_SERVICE_URL: "http://runtime", AUTH_JWT_SECRET }
        assert.isDefined((yield* read(settings)).AUTH_JWT_SECRET)
      }
    }),
  )
})

describe("the sandbox", () => {
  it.effect("is not for production: a start without any upstream is refused", () =>
    Effect.gen(function* () {
      const { message, variables } = yield* refused({ NODE_ENV: "production", AUTH_JWT_SECRET: secret })
      assert.deepStrictEqual(variables, ["RUNTIME_SERVICE_URL"])
      assert.include(message, "NODE_ENV=production has no sandbox")
    }),
  )

  it.effect(
    "replaces both upstreams if neither a runtime nor a provider is configured, and begins with the runtime",
    () =>
      Effect.gen(function* () {
        const both = (settings: Config.Settings) => [settings.sandbox, settings.CHAT_EXECUTION_MODE]
        assert.deepStrictEqual(both(yield* read()), [true, "runtime_orchestrator"])
        assert.deepStrictEqual(both(yield* read({ CHAT_EXECUTION_MODE: "direct_llm" })), [true, "direct_llm"])
        assert.deepStrictEqual(both(yield* read({ RUNTIME_SERVICE_URL: "http://runtime" })), [
          false,
          "direct_llm",
        ])
        assert.deepStrictEqual(both(yield* read({ OPENAI_API_KEY: "k" })), [false, "direct_llm"])
        assert.deepStrictEqual(both(yield* read({ RUNTIME_SERVICE_URL: " " })), [
          true,
          "runtime_orchestrator",
        ])
      }),
  )
})
