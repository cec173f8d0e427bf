import { describe, expect, it } from "vitest"
import { choose, type Taker } from "../../src/workers/Dispatch.ts"
import { endsInARow, pauseMs } from "../../src/workers/Restarts.ts"

const taker = (own: Partial<Taker> & { readonly name: string }) => ({
  ports: new Set(["main"] as const),
  isReady: true,
  isFree: true,
  open: 0,
  ...own,
})

describe("a connection goes to", () => {
  it("the worker with the fewest connections", () => {
    const all = [taker({ name: "a", open: 2 }), taker({ name: "b", open: 1 }), taker({ name: "c", open: 3 })]
    expect(choose(all, "main")?.name).toBe("b")
  })
  it("the first of workers with equally many", () => {
    expect(choose([taker({ name: "a" }), taker({ name: "b" })], "main")?.name).toBe("a")
  })
  it("a worker that has confirmed the last one", () => {
    const all = [taker({ name: "a", isFree: false }), taker({ name: "b", open: 9 })]
    expect(choose(all, "main")?.name).toBe("b")
  })
  it("no worker that still starts or already stops, if another one is ready", () => {
    const starting = taker({ name: "starting", isReady: false })
    expect(choose([starting, taker({ name: "b", open: 9 })], "main")?.name).toBe("b")
    expect(choose([starting, taker({ name: "b", isFree: false })], "main")).toBeUndefined()
    expect(choose([starting], "main")?.name).toBe("starting")
  })
  it("no worker that has left the port", () => {
    expect(choose([taker({ name: "a", ports: new Set() })], "main")).toBeUndefined()
    expect(choose([taker({ name: "a" })], "operators")).toBeUndefined()
  })
})

describe("the wait before a worker is replaced", () => {
  it("doubles up to 30 s while it ends soon after its start", () => {
    expect([1, 2, 3, 6, 7, 1000].map(pauseMs)).toEqual([500, 1000, 2000, 16_000, 30_000, 30_000])
    expect(endsInARow(4, 59_999)).toBe(5)
  })
  it("is short again after a minute of life", () => {
    expect(endsInARow(4, 60_000)).toBe(1)
  })
})
