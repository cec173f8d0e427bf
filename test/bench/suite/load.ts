/**
 * The load of the bench, as a process of its own: turns against one address, and the arrival time of each part. It
 * reads an order as a line of JSON on stdin, and answers with one on stdout.
 */
import { createInterface } from "node:readline"
import { Agent, request } from "undici"
import { deltas } from "./shape.ts"

export interface Order {
  readonly url: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** Each turn takes the next token, also across orders. It replaces an `authorization` among the headers. */
  readonly tokens?: ReadonlyArray<string>
  /** With a POST; without it a GET. */
  readonly body?: object
  readonly turns: number
  readonly concurrency: number
  /** Parts of a whole answer. */
  readonly parts: number
  /** Leaves the streams open, and answers when all of them have begun, or when all requests are sent. */
  readonly keep?: "begun" | "sent"
}

export interface Report {
  readonly seconds: number
  /** Milliseconds from the request to the first part. */
  readonly first: ReadonlyArray<number>
  /** The longest time between two parts, of each answer. */
  readonly longestGap: ReadonlyArray<number>
  readonly failed: number
}

const agent = new Agent({ connections: null, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 })
const marks = /"content":"word/g

let taken = 0
const authorization = ({ tokens }: Order): Readonly<Record<string, string>> =>
  tokens === undefined ? {} : { authorization: `Bearer ${tokens[taken++ % tokens.length]}` }

const ask = (order: Order) =>
  request(`${order.url}${order.path}`, {
    method: order.body === undefined ? "GET" : "POST",
    dispatcher: agent,
    headers: { "content-type": "application/json", ...order.headers, ...authorization(order) },
    ...(order.body === undefined ? {} : { body: JSON.stringify(order.body) }),
  })

interface Turn {
  readonly first: number
  readonly longestGap: number
  readonly whole: boolean
}

const turn = async (order: Order): Promise<Turn> => {
  const began = performance.now()
  const { body, statusCode } = await ask(order)
  let first = 0
  let last = 0
  let longestGap = 0
  let parts = 0
  body.setEncoding("utf8")
  for await (const chunk of body) {
    const found = (chunk as string).match(marks)?.length ?? 0
    if (found === 0) continue
    const now = performance.now()
    if (parts === 0) first = now - began
    else longestGap = Math.max(longestGap, now - last)
    last = now
    parts += found
  }
  return { first, longestGap, whole: statusCode === 200 && parts === order.parts }
}

const play = async (order: Order): Promise<Report> => {
  const began = performance.now()
  const done: Array<Turn> = []
  let left = order.turns
  const worker = async () => {
    while (left-- > 0) {
      done.push(await turn(order).catch(() => ({ first: 0, longestGap: 0, whole: false })))
    }
  }
  await Promise.all(Array.from({ length: order.concurrency }, worker))
  return {
    seconds: (performance.now() - began) / 1000,
    first: done.map(({ first }) => first),
    longestGap: done.map(({ longestGap }) => longestGap),
    failed: done.filter(({ whole }) => !whole).length,
  }
}

/** Requests whose answers may never begin; they stay until this process ends. */
const send = (order: Order): Report => {
  for (let turn = 0; turn < order.turns; turn++)
    ask(order).then(
      ({ body }) => body.on("error", () => {}).resume(),
      () => {},
    )
  return { seconds: 0, first: [], longestGap: [], failed: 0 }
}

/** Silent open streams; they stay until this process ends. */
const hold = async (order: Order): Promise<Report> => {
  const began = performance.now()
  let left = order.turns
  let failed = 0
  const worker = async () => {
    while (left-- > 0) {
      try {
        const { body, statusCode } = await ask(order)
        body.on("error", () => {})
        if (statusCode !== 200) failed += 1
        await new Promise((next) => body.once("data", next))
      } catch {
        failed += 1
      }
    }
  }
  await Promise.all(Array.from({ length: order.concurrency }, worker))
  return { seconds: (performance.now() - began) / 1000, first: [], longestGap: [], failed }
}

if (import.meta.main) {
  console.log(`load is ready for ${deltas.burst}`)
  for await (const line of createInterface({ input: process.stdin })) {
    const order: Order = JSON.parse(line)
    const make = order.keep === "sent" ? send : order.keep === "begun" ? hold : play
    console.log(JSON.stringify(await make(order)))
  }
}
