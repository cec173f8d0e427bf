/** Compares the events that a real client dispatched with the run's events. */
import { expect } from "vitest"
import type { World } from "../support/world.ts"
import { afterEvent, startCutProxy, within } from "./cutProxy.ts"

export interface Dispatched {
  readonly id: string
  readonly event: string
  readonly data: string
}

/** `slow` runs for a second; `all` has every type, and texts that break line splitters. */
export const slow = { scenario: "slow", count: 10, delay_ms: 100 }
const everyType = { scenario: "all" }

/** Reads to the run's end with the real client, over two cuts and until the client stops by itself. */
export type Read = (url: string, token: string) => Promise<ReadonlyArray<Dispatched>>

export const withoutHeartbeats = (events: ReadonlyArray<Dispatched>) =>
  events.filter(({ event }) => event !== "heartbeat")

export const eventsOf = async (world: World, runId: string): Promise<ReadonlyArray<Dispatched>> => {
  const frames = await (await world.client.events(runId)).rest()
  return frames
    .filter(({ event }) => event !== "heartbeat")
    .map(({ data, event, id }) => ({ id: id ?? "", event, data: JSON.stringify(data) }))
}

const parsed = (events: ReadonlyArray<Dispatched>) =>
  events.map(({ data, ...rest }) => ({ ...rest, data: JSON.parse(data) }))

export const expectSame = (got: ReadonlyArray<Dispatched>, wanted: ReadonlyArray<Dispatched>) => {
  expect(wanted.length).toBeGreaterThan(9)
  expect(parsed(withoutHeartbeats(got))).toEqual(parsed(wanted))
}

interface Expected {
  /** False: the client stops at the end of the body. Otherwise it sends one more request, and 204 stops it. */
  readonly asksAfterEnd?: boolean
  /** The first cut is after event 4 in either case. */
  readonly firstCut?: RegExp
}

/** A client reads an ended run over two cuts: every event once, in order, with no request too many. */
export const readsOverCuts = async (
  world: World,
  read: Read,
  { asksAfterEnd = true, firstCut = within(5) }: Expected = {},
) => {
  const { runId } = await finished(world)
  const proxy = await startCutProxy(world.gateway.url, [firstCut, afterEvent(9)])
  try {
    const got = await read(`${proxy.url}/api/v1/chat/runs/${runId}/events`, world.client.token)
    const wanted = await eventsOf(world, runId)
    expectSame(got, wanted)
    const seen = [4, 9, ...(asksAfterEnd ? [wanted.length] : [])]
    expect(proxy.asked.map(({ lastEventId = "" }) => lastEventId)).toEqual([
      "",
      ...seen.map((seq) => `${runId}:${seq}`),
    ])
  } finally {
    await proxy.stop()
  }
}

const finished = async (world: World) => {
  const stream = await world.client.start(everyType)
  await stream.rest()
  return stream
}
