import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { randomBytes, randomUUID } from "node:crypto"
import * as Config from "../../src/config/Config.ts"

const secret = "only-for-tests-Zq7vX2mK9pLw4RtY8sBd"
const read = (env: Config.Environment = {}) => Config.read(env)

/** The message for an invalid environment, and the variables that it names. */
const refused = (env: Config.Environment) =>
  Effect.map(Effect.flip(read(env)), (error) => ({
    message: error.message,
    variables: error.problems.map(({ variable }) => variable),
  }))

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
