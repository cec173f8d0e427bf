/** API keys over HTTP, as a user of the gateway manages them. */
import { Client, tokenFor } from "./chatClient.ts"

export const keysPath = "/api/v1/keys"

export interface MadeKey {
  readonly id: string
  readonly key: string
  /** A client that sends the key. */
  readonly client: Client
}

/** Creates a key by `creator`; fails with the answer if it is refused. */
export const createKey = async (creator: Client, asked: Record<string, unknown> = {}): Promise<MadeKey> => {
  const answer = await creator.request("POST", keysPath, { name: "test", ...asked })
  const text = await answer.text()
  if (answer.status !== 200) throw new Error(`${answer.status} ${text}`)
  const { id, key } = JSON.parse(text).data
  return { id, key, client: new Client(creator.url, key) }
}

export const as = async (
  url: string,
  org: string,
  user: string,
  permissions: ReadonlyArray<string> = ["*"],
) => new Client(url, await tokenFor(org, user, permissions))

/** The status and the code of an error, `200 ` for any other answer. */
export const outcome = async (answer: Promise<Response> | Response): Promise<string> => {
  const response = await answer
  const isJson = response.headers.get("content-type")?.includes("json") === true
  const body = isJson ? JSON.parse(await response.text()) : await response.body?.cancel()
  return `${response.status} ${body?.error?.code ?? ""}`
}
