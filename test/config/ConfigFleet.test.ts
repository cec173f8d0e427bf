import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Config from "../../src/config/Config.ts"

const refused = (env: Config.Environment) =>
  Effect.map(Effect.flip(Config.read(env)), ({ message }) => message)

describe("the store and port variables", () => {
  it.effect("report an error within a database URL without its password", () =>
    Effect.gen(function* () {
      const url = "postgres://u:hunter2@db?target_session_attrs=standby"
      const message = yield* refused({ DATABASE_URL: url })
      assert.include(message, "target_session_attrs=standby (allowed: any, read-write, primary)")
      assert.notInclude(message, "hunter2")
    }),
  )

  it.effect("move no page to an operators' port that is not configured", () =>
    Effect.gen(function* () {
      assert.include(
        yield* refused({ PAGE_DOCS: "admin" }),
        'PAGE_DOCS: found "admin"; allowed: admin only with ADMIN_PORT set',
      )
      yield* Config.read({ PAGE_DOCS: "admin", ADMIN_PORT: "3002" })
    }),
  )
})
