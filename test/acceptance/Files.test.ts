import { createHash } from "node:crypto"
import { request as httpRequest } from "node:http"
import { describe, expect, it } from "vitest"
import { type Client, eventually, ofType } from "../support/chatClient.ts"
import { useWorld } from "../support/world.ts"

const world = useWorld()

const blob = Buffer.alloc(1024 * 1024, Buffer.from(Array.from({ length: 256 }, (_, n) => n)))
const hashOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex")

type Announced = Readonly<Record<string, string>>

/** The addresses that the gateway shows for files that the runtime announces. */
const announced = async (files: ReadonlyArray<Announced>): Promise<ReadonlyArray<string>> => {
  const stream = await world.client.start({ scenario: "files", files })
  const frames = await stream.rest()
  expect(frames.at(-1)?.event).toBe("done")
  return ofType(frames, "file").map((frame) => frame.data.data.url)
}

const fetched = async (url: string, headers: Record<string, string> = {}, client: Client = world.client) => {
  const response = await client.request("GET", url, undefined, headers)
  return { response, bytes: new Uint8Array(await response.arrayBuffer()) }
}
const codeOf = (bytes: Uint8Array): string => JSON.parse(Buffer.from(bytes).toString()).error.code

describe("a file's id", () => {
  const ids = [
    "f-1",
    "a/b",
    "../../etc/passwd",
    "..",
    ".",
    "",
    "%2e%2e",
    "a%2Fb",
    "日本 語",
    "é?x=1#y",
    "\u0000",
    "a\\b",
    "x".repeat(300),
    "x".repeat(5000),
    "é".repeat(20_000),
  ]

  it("may be any announced text: every file is served at the address that was shown", async () => {
    const urls = await announced(ids.map((id, index) => ({ file_id: id, url: `/blob/${index}` })))
    expect(new Set(urls).size).toBe(ids.length)
    for (const [index, url] of urls.entries()) {
      expect(url.length).toBeLessThan(2000)
      const { bytes, response } = await fetched(url)
      expect([ids[index]?.slice(0, 20), response.status, hashOf(bytes)]).toEqual([
        ids[index]?.slice(0, 20),
        200,
        hashOf(blob),
      ])
    }
    const { blobs } = (await world.log()) as unknown as { blobs: ReadonlyArray<string> }
    expect(blobs).toEqual(ids.map((_, index) => String(index)))
  })

  it("gets 404 without asking the runtime, if the run did not announce it or it is another user's", async () => {
    const [url] = await announced([{ file_id: "f", url: "/blob/own" }])
    const run = url!.slice(0, url!.lastIndexOf("/"))
    const others = ["g", "..%2f..%2fblob%2fown", "blob%2Fown", "x".repeat(1500)]
    for (const id of others) {
      const { bytes, response } = await fetched(`${run}/${id}`)
      expect([response.status, codeOf(bytes)]).toEqual([404, "FILE_NOT_FOUND"])
    }
    const dots = await fetched(`${run}/%2e%2e%2fblob%2fown`)
    expect([dots.response.status, codeOf(dots.bytes)]).toEqual([404, "ROUTE_NOT_FOUND"])
    for (const [org, user] of [
      ["acme", "eve"],
      ["other", "ana"],
    ] as const) {
      const { bytes, response } = await fetched(url!, {}, await world.as(org, user))
      expect([response.status, codeOf(bytes)]).toEqual([404, "RUN_NOT_FOUND"])
    }
    const { blobs } = (await world.log()) as unknown as { blobs: ReadonlyArray<string> }
    expect(blobs).toEqual([])
  })
})

describe("a file's answer", () => {
  it("is a download for any content type of the runtime: nothing runs with the gateway's origin", async () => {
    const name = `é"\r\nset-cookie: a=b\u2028${"n".repeat(20_000)}.html`
    const [html, odd] = await announced([
      { file_id: "h", url: "/blob/h", mime_type: "text/html", filename: name },
      { file_id: "o", url: "/blob/o", mime_type: "text/html\r\nx: y", filename: "..\\a/b.exe" },
    ])
    const { response } = await fetched(html!)
    expect(response.status).toBe(200)
    expect(response.headers.get("content-disposition")).toMatch(
      /^attachment; filename="[^"]*"; filename\*=UTF-8''%C3%A9/,
    )
    expect(response.headers.get("content-disposition")!.length).toBeLessThan(2500)
    expect(response.headers.get("x-content-type-options")).toBe("nosniff")
    expect(response.headers.get("content-security-policy")).toBe("default-src 'none'; sandbox")
    expect(response.headers.has("set-cookie")).toBe(false)
    const second = await fetched(odd!)
    expect(second.response.headers.get("content-type")).toBe("application/octet-stream")
    expect(second.response.headers.has("x")).toBe(false)
    expect(second.response.headers.get("content-disposition")).toContain(`filename=".._a_b.exe"`)
  })

  it("has the right bytes or none: compressed, redirected and too large answers are refused", async () => {
    const kinds = ["gzip", "redirect", "huge", "cut"]
    const urls = await announced(kinds.map((kind) => ({ file_id: kind, url: `/blob/${kind}` })))
    for (const [index, url] of urls.entries()) {
      const { bytes, response } = await fetched(url)
      expect([kinds[index], response.status, codeOf(bytes)]).toEqual([kinds[index], 502, "FILE_UNAVAILABLE"])
    }
    const { blobs } = (await world.log()) as unknown as { blobs: ReadonlyArray<string> }
    expect(blobs).not.toContain("elsewhere")
    const [missing] = await announced([{ file_id: "m", url: "/nothing" }])
    const { bytes, response } = await fetched(missing!)
    expect([response.status, codeOf(bytes)]).toEqual([404, "FILE_NOT_FOUND"])
  })

  it("is a part of the file if the runtime supports ranges, and otherwise the whole file", async () => {
    const [ranges, plain] = await announced([
      { file_id: "r", url: "/blob/ranges" },
      { file_id: "p", url: "/blob/plain" },
    ])
    const part = await fetched(ranges!, { range: "bytes=10-19" })
    expect([part.response.status, [...part.bytes]]).toEqual([206, [10, 11, 12, 13, 14, 15, 16, 17, 18, 19]])
    expect(part.response.headers.get("content-range")).toBe(`bytes 10-19/${blob.length}`)
    expect(part.response.headers.get("etag")).toBe('"v1"')
    const beyond = await fetched(ranges!, { range: `bytes=${blob.length}-${blob.length + 1}` })
    expect([beyond.response.status, beyond.response.headers.get("content-range")]).toEqual([
      416,
      `bytes */${blob.length}`,
    ])
    for (const [url, range] of [
      [plain!, "bytes=10-19"],
      [ranges!, "bytes=0-1,5-6"],
      [ranges!, "lines=1-2"],
    ] as const) {
      const whole = await fetched(url, { range })
      expect([whole.response.status, hashOf(whole.bytes)]).toEqual([200, hashOf(blob)])
    }
  })
})

describe("concurrent file downloads", () => {
  it("are limited for each user, and a place is free once the client leaves", async () => {
    const urls = await announced(
      Array.from({ length: 12 }, (_, n) => ({ file_id: `${n}`, url: "/blob/silent" })),
    )
    const open = (url: string) =>
      new Promise<{ status: number | undefined; leave: () => void }>((resolve, reject) => {
        const request = httpRequest(`${world.gateway.url}${url}`, {
          headers: { authorization: `Bearer ${world.client.token}` },
          agent: false,
        })
        request.on("response", (response) => {
          response.pause()
          resolve({ status: response.statusCode, leave: () => request.destroy() })
        })
        request.on("error", reject)
        request.end()
      })
    const all = await Promise.all(urls.map(open))
    const count = (status: number) => all.filter((answer) => answer.status === status).length
    expect([count(200), count(429)]).toEqual([10, 2])
    for (const { leave } of all) leave()
    await eventually(async () => {
      const again = await open(urls[0]!)
      again.leave()
      return again.status === 200
    })
  })
})
