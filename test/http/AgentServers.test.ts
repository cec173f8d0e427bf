import { assert, describe, it } from "@effect/vitest"
import { layerWebCrypto } from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { McpServer } from "../../src/domain/Agent.ts"
import * as McpCredentials from "../../src/domain/McpCredentials.ts"
import { type DataKey, dataKey } from "../../src/domain/SealedValue.ts"
import * as AgentServers from "../../src/http/AgentServers.ts"
import { DataKeys } from "../../src/persistence/DataKeys.ts"
import { agent } from "../support/fixtures.ts"

const key = (name: string) => dataKey(Redacted.make(name.padEnd(40, "-")))
const [first, second] = [key("first"), key("second")]
const owner = agent()
const server: McpServer = {
  id: "m",
  name: "M",
  endpoint: "https://mcp.example/",
  transport: "http",
  isConnected: true,
  availableTools: [],
}
const authConfig = { token: "canary-credential" }
const legacy = { ...server, endpoint: "https://user:canary-password@mcp.example/", authConfig }

const stored = (
  keys: ReadonlyArray<DataKey>,
  servers: Parameters<Effect.Success<typeof AgentServers.make>["stored"]>[1],
  before: ReadonlyArray<McpServer> = [],
) =>
  Effect.flatMap(AgentServers.make, (one) => one.stored(owner, servers, before)).pipe(
    Effect.provideService(DataKeys, { current: keys[0], all: keys }),
    Effect.provide(layerWebCrypto),
  )

const credentialsOf = (keys: ReadonlyArray<DataKey>, [one]: ReadonlyArray<McpServer>) =>
  Result.map(McpCredentials.opened(keys, owner, one!), (found) => found.authConfig)

describe("the MCP servers of an agent", () => {
  it("are shown without credentials and without a password in the address", () => {
    const shown = AgentServers.shown(agent({ mcpServers: [legacy, server] }))
    assert.deepStrictEqual<unknown>(shown.settings.mcpServers, [
      { ...server, hasAuthConfig: true },
      { ...server, hasAuthConfig: false },
    ])
  })

  it.effect("keep credentials of an older version for the address as it was shown, now encrypted", () =>
    Effect.gen(function* () {
      const after = yield* stored([first], [server], [legacy])
      assert.notInclude(JSON.stringify(after), "canary")
      assert.deepStrictEqual(credentialsOf([first], after), Result.succeed(authConfig))
    }),
  )

  it.effect("have kept credentials of a previous key encrypted anew by a write", () =>
    Effect.gen(function* () {
      const before = yield* stored([first], [{ ...server, authConfig }])
      const after = yield* stored([second, first], [server], before)
      assert.deepStrictEqual(credentialsOf([second], after), Result.succeed(authConfig))
    }),
  )

  it.effect("keep credentials that cannot be read, for the key may come back", () =>
    Effect.gen(function* () {
      const before = yield* stored([first], [{ ...server, authConfig }])
      assert.deepStrictEqual(yield* stored([second], [server], before), before)
      assert.deepStrictEqual(yield* stored([], [server], before), before)
    }),
  )

  it.effect("without a key take no new credentials, and may lose and keep those they have", () =>
    Effect.gen(function* () {
      const refused = yield* Effect.flip(stored([], [{ ...server, authConfig }]))
      assert.strictEqual(refused._tag, "SecretsUnavailable")
      assert.deepStrictEqual(yield* stored([], [{ ...server, authConfig: null }], [legacy]), [server])
      assert.deepStrictEqual(yield* stored([], [server], [legacy]), [{ ...server, authConfig }])
    }),
  )
})
