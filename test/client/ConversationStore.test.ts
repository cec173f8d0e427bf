/** The phases in which a store is closed or loses its connection, with a client that waits for the test. */
import { assert, describe, it } from "vitest"
import type { Client, Events } from "../../src/client/Client.ts"
import type { ChatEvent } from "../../src/client/Contract.ts"
import { ConversationStore } from "../../src/client/ConversationStore.ts"
import { connectionLost, type CrossfadeError } from "../../src/client/CrossfadeError.ts"
import type { StreamOptions } from "../../src/client/RunStream.ts"
import { createClient } from "../../src/client/Client.ts"

const place = { runId: "r1", sessionId: "s1" }
const open: ChatEvent = { ...place, seq: 0, event: "open", data: { executionMode: "" } }
const cancelled: ChatEvent = {
  ...place,
  seq: 2,
  event: "error",
  data: { code: "EXECUTION_CANCELLED", message: "m", recoverable: true, runId: "r1" },
}

/** Gives the events, then fails, or waits until its reader aborts. */
async function* reading(
  { signal }: StreamOptions,
  events: ReadonlyArray<ChatEvent>,
  failure?: CrossfadeError,
): Events {
  yield* events
  if (failure !== undefined) throw failure
  if (events.at(-1)?.event === "error") return
  signal?.throwIfAborted()
  await new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)))
}

const storeOf = (given: Pick<Client, "start" | "events">) => {
  const client: Client = { ...createClient({ baseUrl: "", token: "t" }), ...given }
  return new ConversationStore({ client, agentId: "a" })
}

describe("a store that is closed before the run begins", () => {
  it("is idle, and sends the turn again under its key when it is opened", async () => {
    const keys: Array<string | undefined> = []
    const store = storeOf({
      start: (_, options = {}) => {
        keys.push(options.idempotencyKey)
        return reading(options, keys.length === 1 ? [] : [open, cancelled])
      },
      events: () => assert.fail("no run is known"),
    })
    const sending = store.send("hello")
    store.close()
    await sending
    assert.strictEqual(store.getState().status, "idle")
    await store.open()
    assert.lengthOf(keys, 2)
    assert.strictEqual(keys[0], keys[1])
    assert.deepStrictEqual(
      store.getState().conversation.messages.map(({ role }) => role),
      ["user", "assistant"],
    )
  })
})

describe("a retry after a lost connection", () => {
  it("reads the run on and does not ask for another answer", async () => {
    const store = storeOf({
      start: (_, options = {}) => reading(options, [open], connectionLost("gone")),
      events: (runId, options = {}) => {
        assert.strictEqual(runId, "r1")
        return reading(options, [cancelled])
      },
    })
    await store.send("hello")
    assert.strictEqual(store.getState().error?.code, "CONNECTION_LOST")
    await store.retry()
    const { conversation, error, status } = store.getState()
    assert.deepStrictEqual({ error, status }, { error: undefined, status: "idle" })
    assert.propertyVal(conversation.messages.at(-1), "status", "cancelled")
  })
})
