import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Config from "../../src/config/Config.ts"
import type { Variable } from "../../src/config/ConfigVariable.ts"
import { badMillis } from "./badMillis.ts"

const canary = "canary-must-not-be-shown"

/** The message for an invalid environment, and the variables that it names. */
const refused = (env: Config.Environment) =>
  Effect.map(Effect.flip(Config.read(env)), (error) => ({
    message: error.message,
    variables: error.problems.map(({ variable }) => variable),
  }))

const names = Object.keys(Config.variables) as ReadonlyArray<keyof typeof Config.variables>

const share = ["-0.1", "1.1", "50%", "x", "1e-1", ".5"]
const port = ["-1", "65536", "80.5", "http", "80 81"]

/** Values that each variable refuses; a variable that accepts any text has none. */
const bad: { readonly [Name in keyof typeof Config.variables]: ReadonlyArray<string> } = {
  NODE_ENV: ["prod", "Production", "staging"],
  HOST: [],
  PORT: port,
  DATA_DIR: [],
  WORKERS: ["0", "-1", "1.5", "two", "65", "Auto"],
  DATABASE_URL: ["mysql://db", "postgres://", "db", `http://u:${canary}@db`],
  DATABASE_POOL_SIZE: ["0", "501", "1.5"],
  DATABASE_STATEMENT_TIMEOUT_MS: ["99", "60001"],
  DATABASE_TLS: ["yes", "true"],
  REDIS_URL: ["http://redis", "redis", `http://u:${canary}@db`],
  RUN_EVENTS_RETENTION_DAYS: ["-1", "1.5", "for ever"],
  DATA_KEY: ["short", canary, `-----BEGIN PUBLIC KEY-----${canary.repeat(4)}`],
  DATA_KEYS_PREVIOUS: [canary, `${"x".repeat(32)},${canary}`, Array(11).fill("x".repeat(32)).join(",")],
  NOTIFY_WEBHOOKS: ["on-call", "a b", "a,A", "x".repeat(41)],
  MCP_ALLOWED_HOSTS: [
    "*",
    "*.",
    "http://mcp.internal",
    "mcp.internal/path",
    "mcp.internal:8080",
    "10.0.0.0/33",
    "10.0.0/8",
    "10.0.0.256",
    "fd00::/129",
    "mcp.*",
    Array(101).fill("a.internal").join(","),
  ],
  AUTH_JWT_SECRET: ["short", canary],
  TRACE_URL: [
    "https://trace.example/",
    "{traceId}",
    "javascript:alert('{traceId}')",
    "https://{traceId}.example/",
    `https://u:${canary}@trace.example/{traceId}`,
    "ftp://trace.example/{traceId}",
  ],
  CONSOLE_OIDC_ISSUER: [
    "id.example",
    "http://id.example",
    "http://127.0.0.1.id.example",
    "https://id.example/?a=b",
    "https://id.example/#a",
    `https://u:${canary}@id.example`,
  ],
  CONSOLE_OIDC_CLIENT_ID: [],
  CONSOLE_OIDC_CLIENT_SECRET: [],
  CONSOLE_OIDC_SCOPES: ["profile", 'openid "x"'],
  CONSOLE_OIDC_PARAMETERS: ["audience", "audience=", "state=1", "a b=1", "redirect_uri=https://evil.example"],
  CONSOLE_OIDC_TOKEN: ["access", "refresh_token"],
  CORS_ALLOWED_ORIGINS: [
    "*",
    "null",
    "chat.example",
    "https://chat.example/",
    "https://chat.example/path",
    "https://chat.example:443",
    "https://CHAT.example",
    "file://host",
    "tauri://localhost/",
    "https://*",
    "https://*.com",
    "https://*.*.example.com",
    "https://a*.example.com",
    "https://chat.*.com",
    "chrome-extension://*",
    "https://a.example https://b.example",
  ],
  AUTH_JWT_PREVIOUS_SECRETS: [
    canary,
    `${"x".repeat(32)},${canary}`,
    `-----BEGIN PUBLIC KEY-----${canary.repeat(4)}`,
    Array(11).fill("x".repeat(32)).join(","),
  ],
  AUTH_OPERATOR_SECRET: ["short", canary],
  AUTH_OPERATOR_PREVIOUS_SECRETS: [canary, Array(11).fill("x".repeat(32)).join(",")],
  AUTH_JWKS_URL: [
    "id.example/jwks",
    "http://id.example/jwks",
    "http://127.0.0.1.id.example/jwks",
    "http://localhost.id.example/jwks",
    "http://10.0.0.1/jwks",
    "https://id.example/jwks#a",
    "file:///etc/passwd",
    "https://",
  ],
  AUTH_ISSUER: ["x".repeat(501), Array(11).fill("a").join(",")],
  AUTH_OPERATOR_ISSUERS: ["x".repeat(501), Array(11).fill("a").join(",")],
  AUTH_AUDIENCE: ["x".repeat(501), Array(11).fill("a").join(",")],
  AUTH_TYP: [],
  AUTH_REQUIRE_EXP: ["yes", "TRUE", "0"],
  AUTH_REQUIRED_CLAIMS: ["token_use", "=access", "token_use=", "a=b,c"],
  AUTH_CLAIM_ORG: [",", Array(11).fill("a").join(",")],
  AUTH_CLAIM_USER: [",", "x".repeat(501)],
  AUTH_CLAIM_PERMISSIONS: [","],
  AUTH_CLAIM_ROLES: [", ,"],
  AUTH_CLAIM_AUDIENCE: [],
  AUTH_ROLES: [
    "admin",
    "admin=",
    "=chat:*",
    "admin=*;admin=chat:*",
    "admin=*|member=chat:*",
    "admin:*",
    "member=chat:**",
    "member=chat read",
  ],
  ADMIN_PORT: [...port, "0"],
  PAGE_CONSOLE: ["on", "Admin"],
  PAGE_DOCS: ["on", "Admin"],
  PAGE_OPENAPI: ["on", "Admin"],
  PAGE_METRICS: ["on", "Admin"],
  AGENT2UI_DEFAULT_PROTOCOL: ["3", "v1"],
  AGENT2UI_PROTOCOL_BY: ["acme=1", "org:acme=3", "org:=1", "user:ana=1", "origin:a=1", "org:acme"],
  CHAT_EXECUTION_MODE: ["direct", "runtime", "DIRECT_LLM"],
  RUNTIME_SERVICE_URL: ["runtime:8801", "ftp://runtime", "http://", "//runtime"],
  RUNTIME_PROTOCOL: ["a2a", "AG-UI", "agui"],
  RUNTIME_HEADERS: ["x", "host: a", `x-key: ${canary}; x-key: b`],
  RUNTIME_AGENT: [],
  RUNTIME_AG_UI_HISTORY: ["none", "all"],
  RUNTIME_ATTACHMENTS: ["video", "image,image", ","],
  RUNTIME_HEALTH_PATH: ["health", "//host/x", "/a b", "/a#b"],
  RUNTIME_ERROR_PATTERNS: [
    "*",
    "I * error",
    "I encountered an error: * ||",
    "x".repeat(501),
    Array(21).fill("an error happened").join("||"),
  ],
  CHAT_RUNTIME_ENABLED_ORGS: ["x".repeat(201), Array(1001).fill("a").join(",")],
  CHAT_RUNTIME_PERCENT: ["-0.1", "100.5", "5%"],
  CHAT_RUNTIME_SHADOW_PERCENT: ["-1", "101", "10%"],
  CHAT_RUNTIME_PROBES: ["yes", "TRUE", "1"],
  CHAT_RUNTIME_SHADOW_AA_PERCENT: ["-1", "101", "10%"],
  SHADOW_STORE_TEXT: ["yes", "1", "TRUE"],
  SHADOW_JUDGE_PROVIDER: ["nobody"],
  CHAT_TITLES: ["unknown"],
  CHAT_RUNTIME_TIMEOUT_THRESHOLD_MS: ["0", ...badMillis],
  CHAT_RUNTIME_ERROR_RATE_THRESHOLD: share,
  CHAT_RUNTIME_TIMEOUT_RATE_THRESHOLD: share,
  CHAT_RUNTIME_LATENCY_RATIO_THRESHOLD: share,
  CHAT_RUNTIME_MONITOR_WINDOW_MS: ["999", ...badMillis],
  CHAT_RUNTIME_MONITOR_MIN_SAMPLES: ["0", "1.5", "1000001"],
  CHAT_FIRST_CONTENT_TIMEOUT_MS: ["0", ...badMillis],
  CHAT_STALL_TIMEOUT_MS: ["0", ...badMillis],
  CHAT_CALL_TIMEOUT_MS: ["0", ...badMillis],
  CHAT_FALLBACK_ON_CONTENT_FILTER: ["yes", "1"],
  CHAT_RETRACT_PARTIAL: ["yes", "1", "TRUE"],
  CHAT_HISTORY_MAX_TOKENS: ["-1", "1.5", "10000001", "32k"],
  CHAT_DETACH_GRACE_MS: badMillis,
  SSE_HEARTBEAT_INTERVAL_MS: ["9", ...badMillis],
  RATE_LIMIT_USER_PER_MIN: ["0", "-1", "x"],
  RATE_LIMIT_ORG_PER_MIN: ["0", "-1", "x"],
  TOKEN_BUDGET_USER_PER_DAY: ["-1", "1.5", "x"],
  TOKEN_BUDGET_ORG_PER_DAY: ["-1", "1.5", "x"],
  RATE_LIMIT_READS_USER_PER_MIN: ["0", "-1", "x"],
  RATE_LIMIT_READS_ORG_PER_MIN: ["0", "-1", "x"],
  MAX_ANSWER_BYTES_IN_FLIGHT: ["0", "1000", "x"],
  MAX_AGENTS_PER_ORG: ["0", "-1", "x"],
  MAX_SESSIONS_PER_ORG: ["0", "-1", "x"],
  MAX_STORED_MB_PER_ORG: ["0", "-1", "x"],
  DELETE_GRACE_DAYS: ["-1", "3651", "1.5", "x"],
  MESSAGES_RETENTION_DAYS: ["-1", "1.5", "36501", "x", "1,2", "acme:", ":30", "acme:x", "acme:1,acme:2"],
  PUBLIC_URL: ["chat.example", "https://chat.example/?a=b", `https://u:${canary}@chat.example`],
  FILES_MAX_BYTES: ["0", "1023", "1073741825", "20M"],
  MAX_PENDING_FILES_MB_PER_USER: ["0", "-1", "x"],
  MAX_FILES_MB_PER_ORG: ["0", "-1", "x"],
  FILES_SCAN_URL: ["scanner:3310", "tcp://scanner", `https://u:${canary}@scanner`],
  FILES_SCAN_TIMEOUT_MS: ["0", "99", "600001"],
  FILES_S3_ENDPOINT: ["s3.example", "s3://bucket", `https://u:${canary}@s3.example`],
  FILES_S3_REGION: ["eu west", "EU", "x".repeat(65)],
  FILES_S3_BUCKET: ["A", "ab", "-bucket", "bucket/path", "x".repeat(64)],
  FILES_S3_ACCESS_KEY_ID: ["a b", "ä"],
  FILES_S3_SECRET_ACCESS_KEY: [`${canary} x`, "ä"],
  FILES_S3_PATH_STYLE: ["yes", "1"],
  MAX_STREAMS_PER_USER: ["0", "-1", "x"],
  MAX_STREAMS_PER_ORG: ["0", "-1", "x"],
  MAX_STREAMS: ["0", "-1", "x"],
  MAX_LIVE_BYTES: ["-1", "x", "128MB", "1.5"],
  CHAT_ON_BUSY: ["wait", "Reject"],
  DIRECT_CACHE_ORGS: ["x".repeat(201), Array(1001).fill("a").join(",")],
  DIRECT_CACHE_TTL_MS: ["999", ...badMillis],
  SHUTDOWN_GRACE_MS: ["3600001", ...badMillis],
  DIRECT_LLM_PROVIDERS: ["a b", "a,a", "a-b", "a,é"],
  OPENAI_API_KEY: [`${canary}\n${canary}`, `${canary}…`],
  ANTHROPIC_API_KEY: [`${canary}\u0000${canary}`],
  HTTP_PROXY: [
    `socks5://u:${canary}@proxy`,
    "http://",
    "http://proxy/path",
    "http://proxy?x=1",
    "http://a%:b@proxy",
  ],
  HTTPS_PROXY: ["socks5://proxy", "https://", "ftp://proxy:3128", "a b"],
  NO_PROXY: [],
  SANDBOX_RUNTIME_PORT: port,
  SANDBOX_MODEL_PORT: port,
  OTEL_EXPORTER_OTLP_ENDPOINT: ["collector:4318", "grpc://collector"],
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: ["collector:4318/v1/traces"],
  OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: ["collector:4318/v1/metrics"],
  OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: ["collector:4318/v1/logs"],
  OTEL_EXPORTER_OTLP_PROTOCOL: ["grpc", "GRPC"],
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: ["grpc", "GRPC"],
  OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: ["grpc", "GRPC"],
  OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: ["grpc", "GRPC"],
  OTEL_EXPORTER_OTLP_HEADERS: [],
  OTEL_TRACES_EXPORTER: [],
  OTEL_METRICS_EXPORTER: [],
  OTEL_LOGS_EXPORTER: [],
  OTEL_SDK_DISABLED: [],
  OTEL_SERVICE_NAME: [],
  OTEL_RESOURCE_ATTRIBUTES: [],
  OTEL_TRACES_SAMPLER: [],
  OTEL_TRACES_SAMPLER_ARG: [],
  OTEL_PROPAGATORS: [],
  OTEL_METRIC_EXPORT_INTERVAL: [],
  OTEL_METRIC_EXPORT_TIMEOUT: [],
  OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: [],
  OTEL_BLRP_SCHEDULE_DELAY: [],
  OTEL_BLRP_EXPORT_TIMEOUT: [],
  OTEL_BLRP_MAX_QUEUE_SIZE: [],
  OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: [],
  METRICS_ORG_LABELS: ["x".repeat(201), Array(101).fill("a").join(",")],
  LOG_LEVEL: ["verbose", "Info", "WARN"],
  LOG_FORMAT: ["text", "JSON"],
  LOG_CONTENT: ["yes", "1", "TRUE"],
}

describe("an invalid value", () => {
  it.effect.each(names)(
    "stops the start with a message that has the name, the value and the allowed values: %s",
    (name) =>
      Effect.gen(function* () {
        const variable: Variable<unknown> = Config.variables[name]
        for (const value of bad[name]) {
          const { message, variables } = yield* refused({ [name]: value })
          assert.deepStrictEqual(variables, [name], value)
          assert.include(message, "(1 problem)")
          assert.match(message, new RegExp(`${name}: found .+; allowed: .+`))
          // In a list of names, only the wrong ones are reported.
          if (name === "DIRECT_LLM_PROVIDERS") continue
          const shown = value.replace(`u:${canary}@`, "…@")
          const found = variable.secret ? `a value of ${value.length} characters` : JSON.stringify(shown)
          assert.notInclude(message, canary)
          assert.include(message, `${name}: found ${found}; allowed: ${variable.allowed}`)
        }
      }),
  )

  it.effect("is reported together with all others, in one message", () =>
    Effect.gen(function* () {
      const all = Object.entries(bad).flatMap(([name, [value]]) =>
        value === undefined ? [] : [[name, value] as const],
      )
      const { message, variables } = yield* refused(Object.fromEntries(all))
      assert.sameMembers(
        variables,
        all.map(([name]) => name),
      )
      assert.include(message, `(${all.length} problems)`)
      assert.lengthOf(message.split("\n"), all.length + 1)
    }),
  )

  it.effect("X6: of a secret is never repeated, nor is a valid secret beside an invalid value", () =>
    Effect.gen(function* () {
      const { message } = yield* refused({
        PORT: "x",
        AUTH_JWT_SECRET: canary,
        DATABASE_URL: `http://u:${canary}@db`,
        OPENAI_API_KEY: canary,
        DIRECT_LLM_PROVIDERS: "a",
        DIRECT_LLM_A_API_KEY: canary,
      })
      assert.notInclude(message, canary)
      assert.include(message, `AUTH_JWT_SECRET: found a value of ${canary.length} characters`)
    }),
  )
})
