/** Receivers of webhooks on 127.0.0.1 that check each message as strictly as the real services do. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { Webhook as StandardWebhook } from "standardwebhooks"
import type { Notification } from "../../src/domain/Notification.ts"
import type { WebhookForm } from "../../src/domain/Webhook.ts"

export const testKey = `whsec_${Buffer.from("a key for tests only, 32 bytes..").toString("base64")}`

export interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly path: string
}

/** An answer of the service instead of its verdict. `hang`: none. */
export type Answer =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string }
  | "hang"

// oxlint-disable-next-line typescript/no-explicit-any -- a message as it was sent
type Message = any

const isText = (value: unknown, most: number): boolean =>
  typeof value === "string" && value.length > 0 && value.length <= most

/** Slack's limits: 50 blocks, 3000 characters in a section's text, 10 elements in a context; `<`, `>` and `&` only escaped. */
const isSlackText = (text: Message): boolean =>
  ["mrkdwn", "plain_text"].includes(text?.type) &&
  isText(text.text, 3000) &&
  !/[<>]|&(?!amp;|lt;|gt;)/.test(text.text)

const isSlackBlock = (block: Message): boolean =>
  (block.type === "section" && isSlackText(block.text)) ||
  (block.type === "context" && block.elements?.length <= 10 && block.elements.every(isSlackText))

export const isSlackMessage = (message: Message): boolean =>
  isText(message.text, 40_000) && message.blocks?.length <= 50 && message.blocks.every(isSlackBlock)

const isTeamsElement = (element: Message): boolean =>
  element.type === "RichTextBlock" &&
  element.inlines?.every((run: Message) => run.type === "TextRun" && isText(run.text, 20_000))

export const isTeamsMessage = (body: string): boolean => {
  const message: Message = JSON.parse(body)
  const [attachment, ...others] = message.attachments ?? []
  const card = attachment?.content
  return (
    Buffer.byteLength(body) <= 28 * 1024 &&
    message.type === "message" &&
    others.length === 0 &&
    attachment?.contentType === "application/vnd.microsoft.card.adaptive" &&
    card?.type === "AdaptiveCard" &&
    /^1\.[0-5]$/.test(card.version) &&
    card.body.every(isTeamsElement)
  )
}

/** As the receiver of a user verifies it. */
export const verified = ({ body, headers }: Received, key = testKey): Notification =>
  new StandardWebhook(key).verify(body, {
    "webhook-id": String(headers["webhook-id"]),
    "webhook-timestamp": String(headers["webhook-timestamp"]),
    "webhook-signature": String(headers["webhook-signature"]),
  }) as Notification

const refused = (status: number, body: string): Answer => ({ status, body })

const verdictOf = (form: WebhookForm, received: Received, known: string): Answer => {
  const { body, headers, path } = received
  if (path !== known) return refused(404, form === "slack" ? "no_service" : "")
  if (headers["content-type"] !== "application/json") return refused(400, "invalid_payload")
  try {
    if (form === "json")
      return verified(received).id === headers["webhook-id"] ? refused(204, "") : refused(400, "")
    if (form === "teams") return isTeamsMessage(body) ? refused(202, "") : refused(400, "")
    return isSlackMessage(JSON.parse(body)) ? refused(200, "ok") : refused(400, "invalid_payload")
  } catch {
    return refused(400, "invalid_payload")
  }
}

/** `received` are the accepted messages, `tries` all of them. */
export class Receiver {
  readonly received: Array<Received> = []
  readonly tries: Array<Received> = []
  /** The next answers, instead of verdicts. */
  readonly answers: Array<Answer> = []
  readonly #open = new Set<ServerResponse>()
  readonly #form: WebhookForm
  readonly #server = createServer((request, response) => {
    let body = ""
    request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk))
    request.on("end", () =>
      this.#answer({ headers: request.headers, body, path: request.url ?? "" }, response),
    )
  })

  constructor(form: WebhookForm) {
    this.#form = form
  }

  #answer(received: Received, response: ServerResponse): void {
    this.tries.push(received)
    const answer = this.answers.shift() ?? verdictOf(this.#form, received, this.path)
    if (answer === "hang") return void this.#open.add(response)
    if (answer.status < 300) this.received.push(received)
    response.writeHead(answer.status, answer.headers).end(answer.body)
  }

  readonly path = "/services/T0/B0/not-for-any-log"

  port = 0

  get url(): string {
    return `http://127.0.0.1:${this.port}${this.path}`
  }

  async start(port = 0): Promise<this> {
    await new Promise<void>((done) => this.#server.listen(port, "127.0.0.1", done))
    this.port = (this.#server.address() as AddressInfo).port
    return this
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((done) => this.#server.close(done))
  }

  /** The notifications that arrived, in order; only of the form json. */
  notifications(): ReadonlyArray<Notification> {
    return this.received.map((received) => verified(received))
  }
}

export const startReceiver = (form: WebhookForm, port?: number): Promise<Receiver> =>
  new Receiver(form).start(port)

/** The environment of one webhook. */
export const webhookEnv = (name: string, form: WebhookForm, url: string): Record<string, string> => ({
  [`NOTIFY_${name.toUpperCase()}_URL`]: url,
  [`NOTIFY_${name.toUpperCase()}_FORM`]: form,
  ...(form === "json" ? { [`NOTIFY_${name.toUpperCase()}_SECRET`]: testKey } : {}),
})
