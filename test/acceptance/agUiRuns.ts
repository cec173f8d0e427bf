/** Runs of `HttpAgent` as the acceptance tests want them: without a complaint, or refused. */
import type { HttpAgent } from "@ag-ui/client"
import { expect } from "vitest"
import { type AgUiAgent, findings } from "../support/agUiClient.ts"
import type { World } from "../support/world.ts"
import { complaintsOf, readBy } from "../protocol/ag-ui/reading.ts"

/** A run that the client and the validator accept without a word. */
export const run = async (agent: AgUiAgent, parameters: Parameters<HttpAgent["runAgent"]>[0] = {}) => {
  const read = await readBy(agent, parameters)
  expect(read.complaints).toEqual([])
  expect(await findings(agent.streams.at(-1) ?? "")).toEqual([])
  return read
}

export const refusalOf = async (agent: AgUiAgent) => {
  const complaints = await complaintsOf(() => agent.runAgent())
  return { status: agent.responses.at(-1)?.status, text: complaints.at(-1) ?? "" }
}

/** The messages of the thread's session, as stored. */
export const stored = async (world: World, agent: AgUiAgent) => {
  const sessionId =
    agent.responses.findLast(({ status }) => status === 200)?.headers.get("x-session-id") ?? ""
  const messages = await world.messages(sessionId)
  return messages.map(({ content, id, parentMessageId, role }) => ({ content, id, parentMessageId, role }))
}
