/** The package as `npm pack` makes it, in a folder without the sources: plain Node, a bundle, and the types. */
import { execFileSync } from "node:child_process"
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { defaultAgent, tokenFor } from "../support/chatClient.ts"
import { type Running, startGateway, temporaryFolder } from "../support/processes.ts"
import { bundle } from "./bundle.ts"

const folder = temporaryFolder()
const modules = join(folder.path, "node_modules")
const installed = join(modules, "crossfade-gateway")
let gateway: Running

beforeAll(async () => {
  const packed = execFileSync("npm", ["pack", "--json", "--silent", "--pack-destination", folder.path])
  const name = /crossfade-gateway-[\d.]+\.tgz/.exec(packed.toString())?.[0] ?? ""
  mkdirSync(installed, { recursive: true })
  execFileSync("tar", ["-xzf", join(folder.path, name), "--strip-components=1", "-C", installed])
  // Its dependencies, as npm would install them beside it.
  for (const dependency of ["effect", "eventsource-parser", "react", "@types"])
    symlinkSync(resolve("node_modules", dependency), join(modules, dependency))
  writeFileSync(join(folder.path, "package.json"), '{"type":"module"}')
  gateway = await startGateway({ DATA_DIR: join(folder.path, "data") })
}, 180_000)

afterAll(async () => {
  await gateway?.stop("SIGKILL")
  folder.dispose()
})

const run = (file: string, args: ReadonlyArray<string>): unknown =>
  JSON.parse(execFileSync(process.execPath, [file, ...args], { cwd: folder.path, encoding: "utf8" }))

const chat = `
const [baseUrl, token, agentId] = process.argv.slice(2)
let conversation = emptyConversation
const client = createClient({ baseUrl, token })
for await (const event of client.start({ agentId, message: "/plain hello" })) conversation = reduce(conversation, event)
console.log(JSON.stringify(conversation.messages[0]))
`
const imports = `import { createClient, emptyConversation, reduce } from "crossfade-gateway/client"`

const program = `
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { make } from "crossfade-gateway/client/effect"
const [baseUrl, token, agentId] = process.argv.slice(2)
const turn = make({ baseUrl, token }).start({ agentId, message: "/plain hello" })
const last = await Effect.runPromise(Stream.runLast(turn))
console.log(JSON.stringify(last.value))
`

const types = `
import { createClient, emptyConversation, reduce, type Conversation } from "crossfade-gateway/client"
import { make } from "crossfade-gateway/client/effect"
import { useCrossfade } from "crossfade-gateway/react"
const client = createClient({ baseUrl: "", token: "t" })
let conversation: Conversation = emptyConversation
for await (const event of client.start({ agentId: "a", message: "m" })) conversation = reduce(conversation, event)
// @ts-expect-error The field is \`agentId\`. The compiler reports this line if the package loses its types.
client.start({ agent: "a", message: "m" })
export const title: string = (await client.sessions()).sessions[0]!.title
export { make, useCrossfade }
`

describe("the package", { timeout: 60_000 }, () => {
  const argumentsOf = async () => [gateway.url, await tokenFor("acme", "ana"), defaultAgent]

  it("has no script that npm would run on an install, so strict-allow-scripts accepts it", () => {
    const { scripts } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"))
    for (const script of ["preinstall", "install", "postinstall", "preprepare", "prepare", "postprepare"])
      expect(scripts).not.toHaveProperty(script)
  })

  it("runs a turn in plain Node", async () => {
    writeFileSync(join(folder.path, "chat.js"), imports + chat)
    expect(run("chat.js", await argumentsOf())).toMatchObject({ role: "assistant", status: "completed" })
  })

  it("runs a turn from a bundle", async () => {
    writeFileSync(join(folder.path, "bundle.js"), await bundle(imports + chat, { folder: folder.path }))
    expect(run("bundle.js", await argumentsOf())).toMatchObject({ role: "assistant", status: "completed" })
  })

  it("runs a turn as a stream of Effect", async () => {
    writeFileSync(join(folder.path, "effect.js"), program)
    expect(run("effect.js", await argumentsOf())).toMatchObject({ event: "done" })
  })

  it.each([
    ["nodenext", "nodenext"],
    ["esnext", "bundler"],
  ])("has the types of the contract, for module %s and resolution %s", (module, moduleResolution) => {
    writeFileSync(join(folder.path, "use.ts"), types)
    const flags = [
      "--noEmit",
      "--strict",
      "--exactOptionalPropertyTypes",
      "--target",
      "es2024",
      "--lib",
      "es2024,dom",
      "--types",
      "",
    ]
    execFileSync(
      resolve("node_modules/.bin/tsc"),
      [...flags, "--module", module, "--moduleResolution", moduleResolution, "use.ts"],
      { cwd: folder.path, stdio: "inherit" },
    )
  })
})
