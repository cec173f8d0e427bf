/**
 * The MCP servers of an agent between the API and the store: credentials are sealed on the way in and never returned.
 */
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import type { AgentView, McpServerView, NewMcpServer } from "../api/AgentsApi.ts"
import { type Agent, AgentInvalid, type McpServer, unknownServers } from "../domain/Agent.ts"
import type { AllowedHosts } from "../domain/AllowedHost.ts"
import * as McpAddress from "../domain/McpAddress.ts"
import * as McpCredentials from "../domain/McpCredentials.ts"
import { nonceBytes } from "../domain/SealedValue.ts"
import { McpHosts } from "../execution/McpServers.ts"
import { DataKeys } from "../persistence/DataKeys.ts"

/** No key is available to encrypt credentials. */
export class SecretsUnavailable extends Schema.TaggedError<SecretsUnavailable>()("SecretsUnavailable", {}) {}

/** Older versions stored addresses with a password in them. */
const shownAddress = ({ endpoint }: McpServer): string => McpAddress.withoutUserinfo(endpoint)

const viewOf = (server: McpServer): McpServerView => ({
  ...Struct.omit(server, ["authConfig"]),
  endpoint: shownAddress(server),
  hasAuthConfig: server.authConfig !== undefined,
})

export const shown = (agent: Agent): Omit<AgentView, "attachments"> => ({
  ...agent,
  settings: { ...agent.settings, mcpServers: agent.settings.mcpServers.map(viewOf) },
})

/** At another address, the credentials would reach a server that they were not meant for. */
const keptFor = ({ endpoint, id }: NewMcpServer, before: ReadonlyArray<McpServer>): McpServer["authConfig"] =>
  before.find((server) => server.id === id && shownAddress(server) === endpoint)?.authConfig

type Named = Parameters<typeof unknownServers>[0]
type Addressed = Pick<McpServer, "endpoint">

const unknown = (settings: Named) =>
  unknownServers(settings).map((path) => ({
    path,
    message: "The agent has no MCP server with this id in mcpServers.",
  }))

const addresses = (servers: ReadonlyArray<Addressed>, hosts: AllowedHosts) =>
  servers.flatMap(({ endpoint }, index) => {
    const message = McpAddress.problemOf(endpoint, hosts)
    return message === undefined ? [] : [{ path: `mcpServers.${index}.endpoint`, message }]
  })

export const make = Effect.gen(function* () {
  const keys = yield* DataKeys
  const hosts = yield* McpHosts
  const random = yield* SecureRandom.SecureRandom

  const sealed = Effect.fnUntraced(function* (owner: Pick<Agent, "id" | "orgId">, server: McpServer) {
    if (keys.current === undefined) return yield* new SecretsUnavailable()
    return McpCredentials.sealed(keys.current, yield* random.randomBytes(nonceBytes), owner, server)
  })

  /** Stored credentials of a previous key are sealed with the current one. Unreadable ones stay unchanged. */
  const renewed = (owner: Pick<Agent, "id" | "orgId">, server: McpServer) => {
    const state = McpCredentials.stateOf(keys.current, server)
    if (keys.current === undefined || state === "current" || state === "none") return Effect.succeed(server)
    return Result.match(McpCredentials.opened(keys.all, owner, server), {
      onFailure: () => Effect.succeed(server),
      onSuccess: (plain) => sealed(owner, plain),
    })
  }

  /**
   * The servers to store. An absent `authConfig` keeps the credentials of the server with this id and address; null
   * removes them.
   */
  const stored = (
    owner: Pick<Agent, "id" | "orgId">,
    servers: ReadonlyArray<NewMcpServer>,
    before: ReadonlyArray<McpServer>,
  ): Effect.Effect<ReadonlyArray<McpServer>, SecretsUnavailable> =>
    Effect.forEach(servers, (server) => {
      const { authConfig, ...rest } = server
      if (authConfig === null) return Effect.succeed(rest)
      if (authConfig !== undefined) return sealed(owner, { ...rest, authConfig })
      const kept = keptFor(server, before)
      return kept === undefined ? Effect.succeed(rest) : renewed(owner, { ...rest, authConfig: kept })
    })

  /** Fails unless each new address is allowed and the agent has each server that a sub-agent names. */
  const checked = (
    settings: Named,
    servers: ReadonlyArray<Addressed> | undefined,
  ): Effect.Effect<void, AgentInvalid> => {
    const problems = [...addresses(servers ?? [], hosts), ...unknown(settings)]
    return problems.length === 0 ? Effect.void : Effect.fail(new AgentInvalid({ problems }))
  }

  return { stored, checked }
})
