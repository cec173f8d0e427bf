import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { type AllowedHosts, none, parse } from "../../src/domain/AllowedHost.ts"
import * as McpCredentials from "../../src/domain/McpCredentials.ts"
import { type DataKey, dataKey, nonceBytes } from "../../src/domain/SealedValue.ts"
import * as McpServers from "../../src/execution/McpServers.ts"
import { DataKeys } from "../../src/persistence/DataKeys.ts"
import { agent } from "../support/fixtures.ts"

const key = (name: string) => dataKey(Redacted.make(name.padEnd(40, "-")))
const [first, second] = [key("first"), key("second")]
const server = {
  id: "m",
  name: "M",
  endpoint: "https://mcp.example/",
  transport: "http",
  isConnected: true,
  availableTools: [],
  authConfig: { token: "canary-credential" },
}
const owner = agent()
const sealed = McpCredentials.sealed(first, new Uint8Array(nonceBytes), owner, server)

const ready = (
  mcpServers: ReadonlyArray<typeof server | typeof sealed>,
  keys: ReadonlyArray<DataKey> = [],
  hosts: AllowedHosts = none,
) =>
  Effect.flatMap(McpServers.make("runtime"), (serversOf) =>
    serversOf({ ...owner, settings: { ...owner.settings, mcpServers } }),
  ).pipe(
    Effect.provideService(DataKeys, { current: keys[0], all: keys }),
    Effect.provideService(McpServers.McpHosts, hosts),
  )

describe("the MCP servers of a turn", () => {
  it.effect("have plain credentials again, by the current key or a previous one", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* ready([sealed], [first]), [server])
      assert.deepStrictEqual(yield* ready([sealed], [second, first]), [server])
    }),
  )

  it.effect("are sent as an older version stored them, and without credentials where there are none", () =>
    Effect.gen(function* () {
      const { authConfig: _, ...open } = server
      assert.deepStrictEqual(yield* ready([server, open]), [server, open])
      assert.deepStrictEqual(yield* ready([]), [])
    }),
  )

  it.effect("fail the attempt where a key is missing or a value was copied", () =>
    Effect.gen(function* () {
      const copied = { ...sealed, id: "other" }
      for (const [servers, keys] of [
        [[sealed], []],
        [[sealed], [second]],
        [[copied], [first]],
      ] as const) {
        const error = yield* Effect.flip(ready(servers, keys))
        assert.deepInclude(error, { _tag: "AgentMisconfigured", detail: "mcp_credentials_unreadable" })
      }
    }),
  )

  it.effect("fail the attempt where a stored address is not allowed, or no longer", () =>
    Effect.gen(function* () {
      for (const endpoint of [
        "http://10.0.0.7/",
        "http://redis:6379/",
        "https://u:p@mcp.example/",
        "npx x",
      ]) {
        const error = yield* Effect.flip(ready([{ ...server, endpoint }]))
        assert.deepInclude(error, { _tag: "AgentMisconfigured", detail: "mcp_address_refused" })
      }
      const internal = { ...server, endpoint: "http://10.0.0.7/" }
      assert.deepStrictEqual(yield* ready([internal], [], parse(["10.0.0.0/8"])), [internal])
    }),
  )
})
