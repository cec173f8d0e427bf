/** Uploads for the tests, and the files that they send. */
import type { Client } from "./chatClient.ts"

/** One red pixel. */
export const png = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC",
  "base64",
)

export const upload = (
  { token, url }: Pick<Client, "token" | "url">,
  body: NonNullable<RequestInit["body"]>,
  headers: Readonly<Record<string, string>> = {},
  query = "",
): Promise<Response> =>
  fetch(`${url}/api/v1/files${query}`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, ...headers },
    body,
    ...(body instanceof ReadableStream ? { duplex: "half" } : {}),
  })

/** The `data` of a successful upload. */
export const uploaded = async (
  client: Client,
  body: NonNullable<RequestInit["body"]> = png,
  type = "image/png",
  filename = "a.png",
  // oxlint-disable-next-line typescript/no-explicit-any -- the tests look into whatever came
): Promise<any> => {
  const answer = await upload(
    client,
    body,
    { "content-type": type },
    `?filename=${encodeURIComponent(filename)}`,
  )
  const { data, error } = (await answer.json()) as { readonly data?: unknown; readonly error?: unknown }
  if (data === undefined) throw new Error(JSON.stringify(error))
  return data
}
