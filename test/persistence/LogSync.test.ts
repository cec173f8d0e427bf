/** The waits for a sync of SQLite's log. */
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as LogSync from "../../src/persistence/LogSync.ts"

const afterImmediates = () => new Promise<void>((resolve) => setImmediate(resolve))

const spin = (millis: number): void => {
  const until = performance.now() + millis
  while (performance.now() < until);
}

/** A sync that ends when `end` is called. */
const held = () => {
  let ended: (error: Error | null) => void = () => assert.fail("no sync is running")
  const sync = LogSync.make((callback) => {
    ended = callback
  }, Context.empty())
  return { sync, end: () => ended(null) }
}

describe("LogSync", () => {
  it("resumes waits in order, and lets the event loop run between them when they take long", async () => {
    const { end, sync } = held()
    const resumed: Array<string> = []
    sync.committed()
    for (const name of ["a", "b", "c"])
      sync.wait(() => {
        spin(3)
        resumed.push(name)
      })
    end()
    assert.deepStrictEqual(resumed, ["a"])
    await afterImmediates()
    assert.deepStrictEqual(resumed, ["a", "b"])
    await afterImmediates()
    assert.deepStrictEqual(resumed, ["a", "b", "c"])
  })

  it("resumes the waits of a later sync after those of an earlier one", async () => {
    const { end, sync } = held()
    const resumed: Array<string> = []
    const wait = (name: string) => {
      sync.committed()
      sync.wait(() => {
        spin(3)
        resumed.push(name)
      })
    }
    wait("a")
    sync.wait(() => resumed.push("b"))
    wait("c")
    end()
    assert.deepStrictEqual(resumed, ["a"])
    end()
    assert.deepStrictEqual(resumed, ["a"])
    await afterImmediates()
    await afterImmediates()
    assert.deepStrictEqual(resumed, ["a", "b", "c"])
  })
})
