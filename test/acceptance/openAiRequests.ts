/** Requests to the chat completions of a gateway, by the openai package and without it. */
import OpenAI, { APIError } from "openai"
import { type Client, defaultAgent } from "../support/chatClient.ts"

export const model = `agent:${defaultAgent}`

/** The openai package with this key. */
export const packageFor = (url: string, apiKey: string, maxRetries = 0): OpenAI =>
  new OpenAI({ apiKey, baseURL: `${url}/v1`, maxRetries })

export const ask = (content: unknown): Array<{ role: "user"; content: string }> => [
  { role: "user", content: typeof content === "string" ? content : JSON.stringify(content) },
]

/** A request without the package. */
export const post = (client: Client, body: object, headers: Record<string, string> = {}): Promise<Response> =>
  client.request("POST", "/v1/chat/completions", { model, ...body }, headers)

// oxlint-disable-next-line typescript/no-explicit-any -- the tests look into whatever came
export const bodyOf = (response: Response): Promise<any> => response.json()

/** The error that the package throws. */
export const failed = async (sent: Promise<unknown>): Promise<APIError> => {
  const error = await sent.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof APIError)) throw new Error(`no API error: ${String(error)}`)
  return error
}
