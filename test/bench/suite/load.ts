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
  /** An open load: each turn starts at its time, in milliseconds from the start of the order. */
  readonly arrivals?: ReadonlyArray<number>
  /** Leaves the streams open, and answers when all of them have begun, or when all requests are sent. */
  readonly keep?: "begun" | "sent"
}

export interface Report {
  readonly seconds: number
  /** Milliseconds from the request to the first part; in an open load, from the intended start. */
  readonly first: ReadonlyArray<number>
  /** The same, to the end. */
  readonly whole: ReadonlyArray<number>
  /** Milliseconds that this process was late to send each turn of an open load. */
  readonly late: ReadonlyArray<number>
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
  readonly ms: number
  readonly isWhole: boolean
}

const turn = async (order: Order, began = performance.now()): Promise<Turn> => {
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
  const isWhole = statusCode === 200 && parts === order.parts
  return { first, longestGap, ms: performance.now() - began, isWhole }
}

const failedTurn: Turn = { first: 0, longestGap: 0, ms: 0, isWhole: false }

const reportOf = (began: number, done: ReadonlyArray<Turn>, late: ReadonlyArray<number> = []): Report => ({
  seconds: (performance.now() - began) / 1000,
  first: done.map(({ first }) => first),
  whole: done.map(({ ms }) => ms),
  late,
  longestGap: done.map(({ longestGap }) => longestGap),
  failed: done.filter(({ isWhole }) => !isWhole).length,
})

const play = async (order: Order): Promise<Report> => {
  const began = performance.now()
  const done: Array<Turn> = []
  let left = order.turns
  const worker = async () => {
    while (left-- > 0) {
      done.push(await turn(order).catch(() => failedTurn))
    }
  }
  await Promise.all(Array.from({ length: order.concurrency }, worker))
  return reportOf(began, done)
}

const open = async (order: Order, arrivals: ReadonlyArray<number>): Promise<Report> => {
  const began = performance.now()
  const turns: Array<Promise<Turn>> = []
  const late: Array<number> = []
  for (const at of arrivals) {
    const wait = began + at - performance.now()
    if (wait > 0) await new Promise((next) => setTimeout(next, wait))
    late.push(performance.now() - began - at)
    turns.push(turn(order, began + at).catch(() => failedTurn))
  }
  return reportOf(began, await Promise.all(turns), late)
}

/** Requests whose answers may never begin; they stay until this process ends. */
const send = (order: Order): Report => {
  for (let turn = 0; turn < order.turns; turn++)
    ask(order).then(
      ({ body }) => body.on("error", () => {}).resume(),
      () => {},
    )
  return reportOf(performance.now(), [])
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
  return { ...reportOf(began, []), failed }
}

const perform = (order: Order): Report | Promise<Report> => {
  if (order.arrivals !== undefined) return open(order, order.arrivals)
  return order.keep === "sent" ? send(order) : order.keep === "begun" ? hold(order) : play(order)
}

if (import.meta.main) {
  console.log(`load is ready for ${deltas.burst}`)
  for await (const line of createInterface({ input: process.stdin })) {
    const order: Order = JSON.parse(line)
    console.log(JSON.stringify(await perform(order)))
  }
}
