/** Requests to the branches of a session. */
import type { Client } from "../support/chatClient.ts"

export const at = "/api/v1/chat/messages"
export const regenerate = (
  client: Client,
  id: string,
  body: object = {},
  headers: Record<string, string> = {},
) => client.stream("POST", `${at}/${id}/regenerate`, body, headers)

export interface Row {
  readonly id: string
  readonly role: string
  readonly content: string
  readonly runId: string
  readonly parentMessageId: string | null
  readonly siblings?: ReadonlyArray<string>
}

export const read = async (client: Client, sessionId: string, query = "") =>
  (await client.json("GET", `/api/v1/chat/sessions/${sessionId}${query}`)).data as {
    readonly messages: ReadonlyArray<Row>
    readonly nextCursor: string | null
    readonly hasMore: boolean
  }
