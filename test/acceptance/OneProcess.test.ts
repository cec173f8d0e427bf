import { afterAll, beforeAll, expect, it } from "vitest"
import { Client, tokenFor } from "../support/chatClient.ts"
import { type Model, providerEnv, startModel } from "../support/modelServer.ts"
import { type Running, startGateway, temporaryFolder } from "../support/processes.ts"

const folders = [temporaryFolder(), temporaryFolder()] as const
let model: Model
const started: Array<Running> = []

const start = async (folder: string): Promise<Running> => {
  const gateway = await startGateway({
    DATA_DIR: folder,
    CHAT_EXECUTION_MODE: "direct_llm",
    DIRECT_LLM_PROVIDERS: "a",
    ...providerEnv("a", model.url),
  })
  started.push(gateway)
  return gateway
}

beforeAll(async () => {
  model = await startModel()
})
afterAll(async () => {
  await Promise.all(started.map((gateway) => gateway.stop("SIGKILL")))
  await model.stop()
  for (const folder of folders) folder.dispose()
})

const statusOf = async ({ url }: Running, runId: string): Promise<unknown> =>
  (await new Client(url, await tokenFor()).json("GET", `/api/v1/chat/runs/${runId}`)).data.status

it("a second start on a data folder is refused and harms no run; after kill -9 a start works at once", async () => {
  const first = await start(folders[0].path)
  model.answers.push({ kind: "hang", parts: ["word"] })
  const stream = await new Client(first.url, await tokenFor()).start("a question")
  await stream.until((frame) => frame.event === "message" && frame.data.type === "text")

  const refused = await start(folders[0].path).then(String, String)
  expect(refused).toContain("ended with 1 before it was ready")
  expect(refused).toContain(
    `Cannot use the data folder ${folders[0].path}: another Crossfade process uses it.`,
  )
  expect(refused).not.toMatch(/^\s+at /m)
  expect(await statusOf(first, stream.runId)).toBe("running")

  await start(folders[1].path)

  await first.stop("SIGKILL")
  const next = await start(folders[0].path)
  expect(await statusOf(next, stream.runId)).toBe("interrupted")
})
