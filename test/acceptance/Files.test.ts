import { execFileSync } from "node:child_process"
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { Client, eventually, tokenFor } from "../support/chatClient.ts"
import { defaultAgent } from "../support/chatClient.ts"
import { hasServices, places, useGateways } from "../support/gateways.ts"
import { startGateway, temporaryFolder } from "../support/processes.ts"
import { png, upload, uploaded } from "../support/uploads.ts"

const text = { "content-type": "text/plain" }
const errorOf = async (answer: Response) =>
  ((await answer.json()) as { readonly error: { readonly code: string; readonly message: string } }).error

interface Message {
  readonly content: string
  readonly attachments: ReadonlyArray<{ readonly filename: string }>
}

describe.each(places)("files %s", (_, count) => {
  if (count === 2 && !hasServices) return
  const its = useGateways({}, count)
  const other = () => its.clients.at(-1)!

  it("are stored, listed, read in parts and deleted", async () => {
    const [client] = its.clients
    const file = await uploaded(client!, png, "image/png", "../ch\u202eart.png")
    expect(file).toMatchObject({
      filename: "chart.png",
      mediaType: "image/png",
      kind: "image",
      bytes: png.length,
    })
    expect(file.files).toHaveLength(1)
    const whole = await other().request("GET", file.url)
    expect(Buffer.from(await whole.arrayBuffer())).toEqual(png)
    expect(Object.fromEntries(whole.headers)).toMatchObject({
      "content-type": "image/png",
      "content-disposition": `inline; filename="chart.png"; filename*=UTF-8''chart.png`,
      "content-security-policy": "default-src 'none'; sandbox",
      "x-content-type-options": "nosniff",
      "cache-control": "private, no-store",
      "cross-origin-resource-policy": "cross-origin",
    })
    const etag = whole.headers.get("etag")!
    const get = (headers: Record<string, string>) => other().request("GET", file.url, undefined, headers)
    const part = await get({ range: "bytes=1-3", "if-range": etag })
    expect([part.status, part.headers.get("content-range"), await part.text()]).toEqual([
      206,
      `bytes 1-3/${png.length}`,
      "PNG",
    ])
    expect((await get({ range: "bytes=9999-" })).status).toBe(416)
    expect((await get({ "if-none-match": etag })).status).toBe(304)
    const { data } = await other().json("GET", "/api/v1/files?limit=1")
    expect(data.files[0]).toMatchObject({ fileId: file.fileId, filename: "chart.png" })
    expect((await other().request("DELETE", file.url)).status).toBe(200)
    expect((await client!.request("GET", file.url)).status).toBe(404)
  })

  it("from a form are all stored, or none", async () => {
    const [client] = its.clients
    const before = (await client!.json("GET", "/api/v1/files?limit=100")).data.files.length
    const form = new FormData()
    form.append("one", new Blob([png], { type: "image/png" }), "a.png")
    form.append("note", "a field")
    form.append("two", new Blob(["# hi"], { type: "text/markdown" }), "b.md")
    const { data } = (await (await upload(client!, form)).json()) as {
      readonly data: { readonly files: Array<object> }
    }
    expect(data.files).toMatchObject([{ filename: "a.png" }, { filename: "b.md", kind: "text" }])
    form.append("three", new Blob([new Uint8Array(50)], { type: "image/png" }), "c.png")
    const refused = await upload(client!, form)
    expect([refused.status, (await errorOf(refused)).code]).toEqual([422, "FILE_REFUSED"])
    expect((await client!.json("GET", "/api/v1/files?limit=100")).data.files).toHaveLength(before + 2)
    const many = new FormData()
    for (let n = 0; n < 11; n += 1) many.append("f", new Blob(["x"], { type: "text/plain" }), `${n}.txt`)
    expect((await upload(client!, many)).status).toBe(400)
  })

  it("have a limit, and an error that names it", async () => {
    const [client] = its.clients
    const most = new Uint8Array(20 * 1024 * 1024).fill(97)
    expect((await upload(client!, most, text)).status).toBe(200)
    const large = new Uint8Array(most.length + 1).fill(97)
    const refused = await upload(client!, large, text)
    expect(await errorOf(refused)).toMatchObject({
      code: "PAYLOAD_TOO_LARGE",
      message: expect.stringContaining("20971520"),
    })
    const unknownLength = await upload(client!, new Blob([large]).stream(), text)
    expect(unknownLength.status).toBe(413)
  })

  it("open for other users only by a link, which opens one file", async () => {
    const [client] = its.clients
    const [file, second] = [await uploaded(client!), await uploaded(client!)]
    for (const [org, user] of [
      ["acme", "ben"],
      ["other", "ana"],
    ] as const) {
      const stranger = new Client(its.gateways.at(-1)!.url, await tokenFor(org, user))
      for (const [method, path] of [
        ["GET", file.url],
        ["DELETE", file.url],
        ["POST", `${file.url}/ticket`],
      ] as const)
        expect((await stranger.request(method, path)).status).toBe(404)
    }
    const { data } = await client!.json("POST", `${file.url}/ticket`)
    expect(data.expiresAt).toBeGreaterThan(Date.now() + 200_000)
    const open = (path: string) => fetch(`${other().url}${path}`)
    expect((await open(data.url)).status).toBe(200)
    expect((await open(file.url)).status).toBe(401)
    expect((await open(data.url.replace(file.fileId, second.fileId))).status).toBe(401)
    expect((await open(`/api/v1/files?ticket=${data.ticket}`)).status).toBe(401)
    const asToken = new Client(client!.url, data.ticket)
    expect((await asToken.request("GET", "/api/v1/files")).status).toBe(401)
    await client!.request("DELETE", file.url)
    expect((await open(data.url)).status).toBe(404)
  })

  it("are sent with messages of their session only", async () => {
    const [client] = its.clients
    const file = await uploaded(client!, "# hello", "text/markdown", "a.md")
    const start = (attachments: ReadonlyArray<object>, message?: string) =>
      other().stream("POST", "/api/v1/chat/start", { agentId: defaultAgent, attachments, message })
    const data = `data:text/plain;base64,${Buffer.from("hello").toString("base64")}`
    const turn = await start([{ fileId: file.fileId }, { data, filename: "n.txt" }])
    expect((await turn.rest()).at(-1)?.event).toBe("done")
    const files = (await client!.json("GET", "/api/v1/files?limit=1")).data.files
    expect(files).toMatchObject([{ filename: "n.txt" }])
    const again = await client!.stream("POST", `/api/v1/chat/sessions/${turn.sessionId}`, {
      attachments: [{ fileId: file.fileId }],
    })
    await again.rest()
    const problems = async (attachments: ReadonlyArray<object>) => {
      const answer = await client!.json("POST", "/api/v1/chat/start", {
        agentId: defaultAgent,
        message: "x",
        attachments,
      })
      return answer.error?.details
    }
    const unknown = "0190b2f4-1111-7111-8111-aaaaaaaaaaaa"
    expect(await problems([{ fileId: file.fileId }, { fileId: unknown }])).toMatchObject([
      { path: "payload.attachments.0.fileId", message: expect.stringContaining("no other session") },
      { path: "payload.attachments.1.fileId", message: expect.stringContaining("uploaded") },
    ])
    expect(await problems([{ data: "data:image/png;base64,aGk=" }])).toMatchObject([
      {
        path: "payload.attachments.0.data",
        message: expect.stringContaining("text, announced as image/png"),
      },
    ])
  })

  it("are parts of a message that starts, continues and edits a session", async () => {
    const [client] = its.clients
    const { fileId } = await uploaded(client!, "# hello", "text/markdown", "a.md")
    const data = `data:text/plain;base64,${Buffer.from("hello").toString("base64")}`
    const text = (text: string) => ({ type: "text", text })
    const file = { type: "file", fileId }
    const note = { type: "file", data, filename: "n.txt" }
    const turn = await other().stream("POST", "/api/v1/chat/start", {
      agentId: defaultAgent,
      parts: [text("One"), file, text(" "), note, text("Two")],
    })
    expect((await turn.rest()).at(-1)?.event).toBe("done")
    const messages = async () =>
      (await client!.json("GET", `/api/v1/chat/sessions/${turn.sessionId}`)).data.messages
    const send = await client!.stream("POST", `/api/v1/chat/sessions/${turn.sessionId}`, { parts: [file] })
    await send.rest()
    const [first, , second] = await messages()
    const shown = ({ attachments, content }: Message) => [
      content,
      attachments.map(({ filename }) => filename),
    ]
    expect(shown(first)).toEqual(["One\n\nTwo", ["a.md", "n.txt"]])
    expect(shown(second)).toEqual(["", ["a.md"]])
    const edit = await client!.stream("POST", `/api/v1/chat/messages/${first.id}/edit`, {
      parts: [text("Three")],
    })
    await edit.rest()
    const edited = (await messages()).find(({ content }: Message) => content === "Three")
    expect(shown(edited)).toEqual(["Three", []])
    const problems = async (body: object, path = "start") =>
      (await client!.json("POST", `/api/v1/chat/${path}`, { agentId: defaultAgent, ...body })).error.details
    const unknown = "0190b2f4-1111-7111-8111-aaaaaaaaaaaa"
    for (const both of [{ message: "x" }, { attachments: [] }])
      expect(await problems({ parts: [text("x")], ...both })).toEqual([
        { path: "payload.parts", message: "Expected either parts, or message and attachments" },
      ])
    expect(await problems({ parts: [text("x"), note, { ...file, fileId: unknown }] })).toMatchObject([
      { path: "payload.parts.2.fileId" },
    ])
    for (const parts of [[text(" ")], [text("\ud800")], Array.from({ length: 11 }, () => note)])
      expect(await problems({ parts })).toMatchObject([{ path: "payload.parts" }])
    for (const path of [`sessions/${turn.sessionId}`, `messages/${first.id}/edit`])
      expect(await problems({ parts: [{ ...file, fileId: unknown }] }, path)).toMatchObject([
        { path: "payload.parts.0.fileId" },
      ])
    expect(await problems({ retry: true, parts: [file] }, `sessions/${turn.sessionId}`)).toMatchObject([
      { path: "payload.parts" },
    ])
  })

  it("stand with their addresses in the session, the message, the export and the history of useChat", async () => {
    const [client] = its.clients
    const { fileId, url } = await uploaded(client!, "# hello", "text/markdown", "a.md")
    const turn = await other().stream("POST", "/api/v1/chat/start", {
      agentId: defaultAgent,
      attachments: [{ fileId }],
    })
    await turn.rest()
    const file = { fileId, filename: "a.md", mediaType: "text/markdown", kind: "text", bytes: 7, url }
    const { data } = await client!.json("GET", `/api/v1/chat/sessions/${turn.sessionId}`)
    expect(data.messages[0]).toMatchObject({ content: "", attachments: [file] })
    expect(data.messages[1].attachments).toEqual([])
    const one = await client!.json("GET", `/api/v1/chat/messages/${data.messages[0].id}`)
    expect(one.data).toMatchObject({ attachments: [file], parts: [], siblings: [data.messages[0].id] })
    const answer = await client!.json("GET", `/api/v1/chat/messages/${data.messages[1].id}`)
    const { siblings: _, leaf: __, ...shown } = answer.data
    expect(shown).toEqual(data.messages[1])
    const lines = await (
      await client!.request("GET", `/api/v1/chat/sessions/${turn.sessionId}/export`)
    ).text()
    expect(JSON.parse(lines.split("\n")[2]!).message.attachments).toEqual([file])
    const history = await client!.json("GET", `/api/v1/ai-sdk/chat/${turn.sessionId}/messages`)
    expect(history.data.messages[0].parts).toEqual([
      { type: "file", url, mediaType: "text/markdown", filename: "a.md" },
    ])
    expect((await client!.request("GET", url)).status).toBe(200)
  })
})

describe("an upload", () => {
  const folder = temporaryFolder()
  const contents = () =>
    readdirSync(join(folder.path, "files"), { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    )

  it("leaves no file if it loses its client, its process or its disk", async () => {
    let gateway = await startGateway({ DATA_DIR: folder.path, CHAT_EXECUTION_MODE: "direct_llm" })
    let client = new Client(gateway.url, await tokenFor())
    /** Sends the first half and waits until it is on the disk. */
    const half = async (signal?: AbortSignal) => {
      const body = new ReadableStream({
        start: (controller) => controller.enqueue(new Uint8Array(100_000).fill(97)),
      })
      const sent = fetch(`${client.url}/api/v1/files`, {
        method: "POST",
        headers: { authorization: `Bearer ${client.token}`, ...text },
        body,
        duplex: "half",
        ...(signal === undefined ? {} : { signal }),
      }).catch(() => undefined)
      await eventually(async () => contents().length === 1)
      return sent
    }
    await uploaded(client).then((file) => client.request("DELETE", file.url))
    await eventually(async () => contents().length === 0)
    const leaving = new AbortController()
    const left = half(leaving.signal)
    await eventually(async () => contents().length === 1)
    leaving.abort()
    await left
    await eventually(async () => contents().length === 0)

    void half()
    await eventually(async () => contents().length === 1)
    await gateway.stop("SIGKILL")
    gateway = await startGateway({ DATA_DIR: folder.path, CHAT_EXECUTION_MODE: "direct_llm" })
    client = new Client(gateway.url, await tokenFor())
    expect((await client.json("GET", "/api/v1/files")).data.files).toEqual([])
    expect(contents().map(({ parentPath }) => parentPath)).toEqual([join(folder.path, "files", "tmp")])

    execFileSync("prlimit", ["--pid", String(gateway.pid), "--fsize=1000000:unlimited"])
    const refused = await upload(client, new Uint8Array(3_000_000).fill(97), text)
    expect([refused.status, (await errorOf(refused)).code]).toEqual([503, "OVERLOADED"])
    expect(contents()).toHaveLength(1)
    execFileSync("prlimit", ["--pid", String(gateway.pid), "--fsize=unlimited:unlimited"])
    expect((await upload(client, new Uint8Array(3_000_000).fill(97), text)).status).toBe(200)
    await gateway.stop("SIGKILL")
    folder.dispose()
  }, 60_000)
})
