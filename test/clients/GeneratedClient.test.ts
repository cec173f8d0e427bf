/** A typed client that `@hey-api/openapi-ts` makes from the served API description: it typechecks and streams a turn. */
import { execFile } from "node:child_process"
import { existsSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { defaultAgent } from "../support/chatClient.ts"
import { useWorld } from "../support/world.ts"

const world = useWorld()

/** The types of the events and answers decide whether it compiles. */
const program = `
import { client } from "./client/client.gen.ts"
import { chatRun, chatSession, chatStart } from "./client/sdk.gen.ts"

client.setConfig({ baseUrl: process.env["URL"]!, auth: () => process.env["TOKEN"]! })

let sessionId = ""
let runId = ""
let text = ""
let finish: "stop" | "length" | "content_filter" | "interrupt" | "other" | undefined
const { stream } = await chatStart({ body: { agentId: process.env["AGENT"]!, message: "hello" } })
for await (const event of stream) {
  if (event === undefined || event === null) continue
  if ("usage" in event) ({ sessionId, runId, finishReason: finish } = event)
  else if ("type" in event && event.type === "text") text += event.data.content
}
const session = await chatSession({ path: { sessionId }, throwOnError: true })
const run = await chatRun({ path: { runId }, throwOnError: true })
const missing = await chatRun({ path: { runId: "00000000-0000-4000-8000-0000000000ff" } })
const code = missing.error !== undefined && "success" in missing.error ? missing.error.error.code : "none"
const first: string | undefined = session.data.data.messages[0]?.content
console.log(JSON.stringify({ text, finish, first, status: run.data.data.status, code }))
`

const config = {
  compilerOptions: {
    strict: true,
    noEmit: true,
    target: "es2024",
    lib: ["es2024", "dom", "dom.iterable"],
    module: "nodenext",
    moduleResolution: "nodenext",
    allowImportingTsExtensions: true,
    skipLibCheck: true,
    types: ["node"],
    typeRoots: [resolve("node_modules/@types")],
  },
  include: ["turn.ts"],
}

const run = (args: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) =>
  new Promise<string>((done, failed) => {
    const options = { env: { PATH: process.env["PATH"], ...env } }
    execFile(process.execPath, args, options, (failure, out, error) =>
      failure === null ? done(out) : failed(new Error(`${out}${error}`)),
    )
  })

describe("a client generated from the API description", () => {
  beforeAll(async () => {
    if (!existsSync(".cache/typescript-6"))
      throw new Error("TypeScript 6 is missing: run scripts/setup-tests")
    const { path } = world.folder
    const description = join(path, "openapi.json")
    writeFileSync(description, await (await fetch(`${world.gateway.url}/openapi.json`)).text())
    await run(["test/clients/hey-api/generate.mjs", description, join(path, "client")])
    writeFileSync(join(path, "turn.ts"), program)
    writeFileSync(join(path, "package.json"), '{ "type": "module" }')
    writeFileSync(join(path, "tsconfig.json"), JSON.stringify(config))
  }, 60_000)

  it("compiles with strict types", async () => {
    await run(["node_modules/typescript/bin/tsc", "-p", world.folder.path])
  }, 60_000)

  it("streams a turn and reads JSON routes", async () => {
    const { token, url } = world.client
    const output = await run([join(world.folder.path, "turn.ts")], {
      URL: url,
      TOKEN: token,
      AGENT: defaultAgent,
    })
    expect(JSON.parse(output)).toEqual({
      text: "You said: hello",
      finish: "stop",
      first: "hello",
      status: "completed",
      code: "RUN_NOT_FOUND",
    })
  }, 60_000)
})
