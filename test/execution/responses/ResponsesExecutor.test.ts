/** Refusals and lost conversations, over a server that answers as the test says. */
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { assert, describe, it } from "vitest"
import { assistantMessageId } from "../../support/fixtures.ts"
import { after, type Played, pastOf, play, playedOf } from "./playing.ts"

interface Answer {
  readonly status: number
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
}

const frame = (event: object): string => `data: ${JSON.stringify(event)}\n\n`
const events = (...all: ReadonlyArray<object>): Answer => ({ status: 200, body: all.map(frame).join("") })
const delta = (text: string) => ({ type: "response.output_text.delta", delta: text })
const completed = { type: "response.completed", response: { id: "resp_2", status: "completed" } }
const good = events(delta("Hello"), completed)
const refusal = (status: number, code: string, message = "No."): Answer => ({
  status,
  body: JSON.stringify({ error: { code, message, type: "invalid_request_error", param: null } }),
})

/** Plays the turn behind an answer of this wire. `answers`: one for each request. */
const continued = async (...answers: ReadonlyArray<Answer>) => {
  // oxlint-disable-next-line typescript/no-explicit-any -- the tests look into whatever was sent
  const asked: Array<any> = []
  const server = createServer((request, response) => {
    let text = ""
    request.on("data", (chunk) => (text += chunk))
    request.on("end", () => {
      const answer = answers[asked.length] ?? refusal(500, "unexpected")
      asked.push({ ...JSON.parse(text), path: request.url, auth: request.headers.authorization })
      response.writeHead(answer.status, { "content-type": "text/event-stream", ...answer.headers })
      response.end(answer.body)
    })
  }).listen(0, "127.0.0.1")
  await once(server, "listening")
  const record = { wire: "responses", data: { responseId: "resp_1", waiting: [] } }
  const first: Played = playedOf([{ _tag: "Finished", usage: undefined, record }], undefined)
  const past = pastOf("Hi", { ...first, text: "Hello" })
  assert.strictEqual(past.at(-1)?.id, assistantMessageId)
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
    return { asked, played: await play(url, after(past, "And now?")) }
  } finally {
    server.close()
    server.closeAllConnections()
  }
}

describe("a turn behind an answer of this wire", () => {
  it("posts to /responses with the configured headers", async () => {
    const { asked, played } = await continued(good)
    assert.strictEqual(played.text, "Hello")
    assert.lengthOf(asked, 1)
    assert.deepInclude(asked[0], { path: "/v1/responses", auth: "Bearer secret-key" })
    assert.deepInclude(asked[0], { previous_response_id: "resp_1", input: "And now?", stream: true })
  })

  const notFound = "Previous response with id 'resp_1' not found."
  it.each<readonly [string, Answer]>([
    ["400 with the code", refusal(400, "previous_response_not_found", notFound)],
    ["400 with the sentence", refusal(400, "invalid_value", notFound)],
    ["404", refusal(404, "not_found")],
    [
      "an error in the stream",
      events(
        { type: "response.created", response: {} },
        { type: "error", code: "previous_response_not_found" },
      ),
    ],
    [
      "a failed response",
      events({ type: "response.failed", response: { error: { code: "previous_response_not_found" } } }),
    ],
  ])("sends the whole conversation once if the server has lost it: %s", async (_, lost) => {
    const { asked, played } = await continued(lost, good)
    assert.deepStrictEqual([played.text, played.error], ["Hello", undefined])
    assert.lengthOf(asked, 2)
    assert.notProperty(asked[1], "previous_response_id")
    assert.lengthOf(asked[1].input, 3)
    const again = await continued(lost, lost, good)
    assert.lengthOf(again.asked, 2)
    assert.isDefined(again.played.error)
  })

  it.each<readonly [string, Answer]>([
    ["another refusal", refusal(400, "invalid_value")],
    ["a failure", events({ type: "error", code: "server_error" })],
    ["a loss after text", events(delta("Hel"), { type: "error", code: "previous_response_not_found" })],
  ])("is not sent again after %s", async (_, answer) => {
    const { asked, played } = await continued(answer, good)
    assert.lengthOf(asked, 1)
    assert.isDefined(played.error)
  })
})

describe("a refusal", () => {
  it.each<readonly [Answer, string]>([
    [refusal(401, "invalid_api_key"), "UpstreamMisconfigured"],
    [refusal(400, "invalid_value"), "UpstreamRejected"],
    [refusal(422, "invalid_value"), "UpstreamRejected"],
    [refusal(429, "rate_limit_exceeded"), "UpstreamRateLimited"],
    [refusal(400, "context_length_exceeded"), "ContextTooLong"],
    [refusal(503, "overloaded"), "UpstreamUnavailable"],
    // Work may have started, so there is no retry.
    [refusal(500, "server_error"), "UpstreamFailed"],
    [refusal(502, "bad_gateway"), "UpstreamFailed"],
    [{ status: 307, body: "", headers: { location: "http://127.0.0.1:1/" } }, "UpstreamMisconfigured"],
    [{ status: 200, body: "<html>" }, "UpstreamGarbled"],
    [{ status: 200, body: "" }, "UpstreamTruncated"],
  ])("is classified: %#", async (answer, tag) => {
    const { played } = await continued(answer)
    assert.strictEqual(played.error?._tag, tag)
    assert.deepStrictEqual(played.drafts, [])
  })
})
