import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Config from "../../src/config/Config.ts"
import { testKey } from "../support/webhookReceiver.ts"

const secret = "T0/B0/a-secret-of-a-chat"
const slack = { NOTIFY_CHAT_FORM: "slack", NOTIFY_CHAT_URL: `https://hooks.slack.example/services/${secret}` }

const problemsOf = (env: Config.Environment) =>
  Effect.map(Effect.flip(Config.read(env)), ({ message, problems }) => ({ message, problems }))

describe("NOTIFY_WEBHOOKS", () => {
  it.effect("lists webhooks by names, each with an address, a form and a key", () =>
    Effect.gen(function* () {
      const { ignored, webhooks } = yield* Config.read({
        NOTIFY_WEBHOOKS: "audit, chat",
        NOTIFY_AUDIT_URL: "http://audit.example:8080/hook?team=1",
        NOTIFY_AUDIT_SECRET: testKey,
        ...slack,
      })
      const shown = webhooks.map(({ form, name, secret: key, url }) => [
        name,
        form,
        Redacted.value(url),
        key && Redacted.value(key),
      ])
      assert.deepStrictEqual(shown, [
        ["audit", "json", "http://audit.example:8080/hook?team=1", testKey],
        ["chat", "slack", slack.NOTIFY_CHAT_URL, undefined],
      ])
      assert.deepStrictEqual(ignored, [])
      assert.notInclude(JSON.stringify(webhooks), secret)
    }),
  )

  it.effect("refuses a webhook without an address or a key, and names each variable", () =>
    Effect.gen(function* () {
      const { problems } = yield* problemsOf({ NOTIFY_WEBHOOKS: "audit", NOTIFY_AUDIT_FORM: "json" })
      assert.deepStrictEqual(
        problems.map(({ found, variable }) => [variable, found]),
        [
          ["NOTIFY_AUDIT_URL", "nothing"],
          ["NOTIFY_AUDIT_SECRET", "nothing"],
        ],
      )
    }),
  )

  it.effect("refuses addresses and keys of another form, and never repeats them", () =>
    Effect.gen(function* () {
      const { message, problems } = yield* problemsOf({
        NOTIFY_WEBHOOKS: "chat,team,audit,weak",
        NOTIFY_CHAT_FORM: "slack",
        NOTIFY_CHAT_URL: `https://u:${secret}@hooks.slack.example/`,
        NOTIFY_TEAM_FORM: "discord",
        NOTIFY_TEAM_URL: `ftp://hooks.example/${secret}`,
        NOTIFY_AUDIT_URL: `https://audit.example/#${secret}`,
        NOTIFY_AUDIT_SECRET: secret,
        NOTIFY_WEAK_URL: "https://audit.example",
        NOTIFY_WEAK_SECRET: `whsec_${Buffer.from("too short").toString("base64")}`,
      })
      assert.deepStrictEqual(
        problems.map(({ variable }) => variable),
        [
          "NOTIFY_CHAT_URL",
          "NOTIFY_TEAM_URL",
          "NOTIFY_TEAM_FORM",
          "NOTIFY_AUDIT_URL",
          "NOTIFY_AUDIT_SECRET",
          "NOTIFY_WEAK_SECRET",
        ],
      )
      assert.notInclude(message, secret)
      assert.include(message, "json | slack | teams")
    }),
  )

  it.effect("warns of variables that no webhook reads", () =>
    Effect.gen(function* () {
      const { ignored } = yield* Config.read({
        NOTIFY_WEBHOOKS: "chat",
        ...slack,
        NOTIFY_CHAT_SECRET: testKey,
        NOTIFY_CHAT_URI: "x",
        NOTIFY_OTHER_URL: "x",
      })
      assert.deepStrictEqual(
        ignored.map(({ variable }) => variable),
        ["NOTIFY_CHAT_SECRET", "NOTIFY_CHAT_URI", "NOTIFY_OTHER_URL"],
      )
    }),
  )
})
