/**
 * The credentials of MCP servers (`authConfig`), sealed for the store and opened for the runtime. Pure. A sealed one
 * is `{"$sealed": "v1…"}`: an object like the plain one of older versions, so that they can still read the agent.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { type Agent, AuthConfig, type McpServer } from "./Agent.ts"
import { type DataKey, keyIdOf, open, type Place, seal, type Unreadable } from "./SealedValue.ts"

const mark = "$sealed"

type Owner = Pick<Agent, "id" | "orgId">

const placeOf = ({ id, orgId }: Owner, server: McpServer): Place => ["mcp", orgId, id, server.id]

const sealedIn = ({ authConfig = {} }: McpServer): string | undefined => {
  const sealed = authConfig[mark]
  return typeof sealed === "string" && Object.keys(authConfig).length === 1 ? sealed : undefined
}

/** `nonce`: of `nonceBytes`, never used before. The credentials are plain, whatever their form. */
export const sealed = (key: DataKey, nonce: Uint8Array, owner: Owner, server: McpServer): McpServer =>
  server.authConfig === undefined
    ? server
    : {
        ...server,
        authConfig: { [mark]: seal(key, nonce, JSON.stringify(server.authConfig), placeOf(owner, server)) },
      }

const decode = Schema.decodeUnknownResult(Schema.fromJsonString(AuthConfig))

/** The server with its credentials in plain text. Plain ones of an older version stay unchanged. */
export const opened = (
  keys: ReadonlyArray<DataKey>,
  owner: Owner,
  server: McpServer,
): Result.Result<McpServer, Unreadable> => {
  const text = sealedIn(server)
  if (text === undefined) return Result.succeed(server)
  return Result.flatMap(open(keys, text, placeOf(owner, server)), (plain) =>
    Result.mapBoth(decode(plain), {
      onFailure: (): Unreadable => ({ reason: "damaged" }),
      onSuccess: (authConfig) => ({ ...server, authConfig }),
    }),
  )
}

type SealState = "none" | "plain" | "current" | "old"

/** The stored form of a server's credentials. `old`: sealed with another key than the current one. */
export const stateOf = (current: DataKey | undefined, server: McpServer): SealState => {
  if (server.authConfig === undefined) return "none"
  const text = sealedIn(server)
  if (text === undefined) return "plain"
  return keyIdOf(text) === current?.id ? "current" : "old"
}
