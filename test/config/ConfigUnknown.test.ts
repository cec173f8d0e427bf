import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Config from "../../src/config/Config.ts"

const unknownOf = (env: Config.Environment) => Effect.map(Config.read(env), ({ unknown }) => unknown)

const main = {
  DIRECT_LLM_PROVIDERS: "main,gpt_5",
  DIRECT_LLM_MAIN_KIND: "ollama",
  DIRECT_LLM_MAIN_MODEL: "m",
  DIRECT_LLM_GPT_5_KIND: "ollama",
  DIRECT_LLM_GPT_5_MODEL: "m",
}

const misspelt: ReadonlyArray<readonly [string, string]> = [
  ["CHAT_EXECUTON_MODE", "CHAT_EXECUTION_MODE"],
  ["CHAT_RUNTIME_PERCENTAGE", "CHAT_RUNTIME_PERCENT"],
  ["chat_execution_mode", "CHAT_EXECUTION_MODE"],
  ["RUNTIME_SERVICES_URL", "RUNTIME_SERVICE_URL"],
  ["RUNTIME_SERVICE_URI", "RUNTIME_SERVICE_URL"],
  ["DIRECT_LLM_PROVIDER", "DIRECT_LLM_PROVIDERS"],
  ["DIRECT_LLM_MAIN_MODELL", "DIRECT_LLM_MAIN_MODEL"],
  ["DIRECT_LLM_MIAN_MODEL", "DIRECT_LLM_MAIN_MODEL"],
  ["DIRECT_LLM_GPT5_MODEL", "DIRECT_LLM_GPT_5_MODEL"],
  ["SANDBOX_RUNTIME_PROT", "SANDBOX_RUNTIME_PORT"],
  ["AUTH_JWT_SECERT", "AUTH_JWT_SECRET"],
]

describe("a variable without effect", () => {
  it.effect.each(misspelt)("%s is reported with %s", ([name, nearest]) =>
    Effect.gen(function* () {
      const unknown = yield* unknownOf({ ...main, [name]: "a-secret-value" })
      assert.deepStrictEqual(
        unknown.map((one) => [one.variable, one.nearest]),
        [[name, nearest]],
      )
      assert.notInclude(JSON.stringify(unknown), "a-secret-value")
    }),
  )

  it.effect("is reported without a name when none is near", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* unknownOf({ CHAT_SOMETHING_ELSE_ENTIRELY: "1" }), [
        {
          variable: "CHAT_SOMETHING_ELSE_ENTIRELY",
          reason: "no variable has this name",
          nearest: undefined,
        },
      ])
    }),
  )

  it.effect("is reported when a byte order mark hides its name", () =>
    Effect.gen(function* () {
      const unknown = yield* unknownOf({ "\uFEFFPORT": "3002" })
      assert.deepStrictEqual(
        unknown.map(({ nearest, variable }) => [variable, nearest]),
        [["PORT", "PORT"]],
      )
    }),
  )

  it.effect("is reported when its provider is not listed", () =>
    Effect.gen(function* () {
      const [unknown] = yield* unknownOf({ DIRECT_LLM_OTHER_API_KEY: "sk-canary-0000" })
      assert.include(unknown?.reason, "DIRECT_LLM_PROVIDERS does not list other")
    }),
  )
})

describe("no report concerns", () => {
  it.effect("a known variable, an empty one, or a listed provider's", () =>
    Effect.gen(function* () {
      const known = Object.fromEntries(Object.keys(Config.variables).map((name) => [name, ""]))
      assert.deepStrictEqual(yield* unknownOf({ ...known, ...main, CHAT_NOTHING: " ", http_proxy: "" }), [])
    }),
  )

  it.effect("variables that Kubernetes, systemd and other programs set", () =>
    Effect.gen(function* () {
      const unknown = yield* unknownOf({
        RUNTIME_SERVICE_HOST: "10.0.0.1",
        RUNTIME_SERVICE_PORT: "8801",
        RUNTIME_SERVICE_PORT_HTTP: "8801",
        RUNTIME_PORT: "tcp://10.0.0.1:8801",
        RUNTIME_PORT_8801_TCP: "tcp://10.0.0.1:8801",
        RUNTIME_PORT_8801_TCP_ADDR: "10.0.0.1",
        CHAT_BACKEND_SERVICE_HOST: "10.0.0.2",
        RUNTIME_DIRECTORY: "/run/crossfade",
        DATABASE_HOST: "db",
        LOG_FILE: "x",
        HOSTNAME: "h",
        PORTS: "1",
      })
      assert.deepStrictEqual(unknown, [])
    }),
  )
})
