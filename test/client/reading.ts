/** Reads the client's streams in tests. */
import type { ChatEvent } from "../../src/client/Contract.ts"
import { type Client, createClient, type Events } from "../../src/client/Client.ts"
import type { ClientOptions } from "../../src/client/Transport.ts"
import { defaultAgent } from "../support/chatClient.ts"

export const clientOf = (
  baseUrl: string,
  token: ClientOptions["token"],
  more: Partial<ClientOptions> = {},
): Client => createClient({ baseUrl, token, ...more })

/** A scenario of the Python runtime as the first message of a session. */
export const asking = (scenario: unknown) => ({
  agentId: defaultAgent,
  message: typeof scenario === "string" ? scenario : JSON.stringify(scenario),
})

export const collect = async (events: Events): Promise<ReadonlyArray<ChatEvent>> => {
  const read: Array<ChatEvent> = []
  for await (const event of events) read.push(event)
  return read
}

/** Without the opening, which is not an event of the run. */
export const logged = (events: ReadonlyArray<ChatEvent>) =>
  events
    .filter(({ event }) => event !== "open")
    .map(({ data, event, runId, seq }) => ({ id: `${runId}:${seq}`, event, data: JSON.stringify(data) }))

/** Reads until an event fits; the stream stays open. */
export const until = async (events: Events, wanted: (event: ChatEvent) => boolean): Promise<ChatEvent> => {
  for (;;) {
    const { done, value } = await events.next()
    if (done === true) throw new Error("the stream ended first")
    if (wanted(value)) return value
  }
}
