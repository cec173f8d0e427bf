/** One gateway with SQLite and the built-in model, and a client of it. One per test file. */
import { afterAll, beforeAll } from "vitest"
import { Client, tokenFor } from "./chatClient.ts"
import { type Running, startGateway, temporaryFolder } from "./processes.ts"

class OneGateway {
  gateway!: Running
  client!: Client
}

export const useOneGateway = (
  own: Readonly<Record<string, string>> = { CHAT_EXECUTION_MODE: "direct_llm" },
  token: () => Promise<string> = tokenFor,
): OneGateway => {
  const folder = temporaryFolder()
  const its = new OneGateway()
  beforeAll(async () => {
    its.gateway = await startGateway({ DATA_DIR: folder.path, ...own })
    its.client = new Client(its.gateway.url, await token())
  })
  afterAll(async () => {
    await its.gateway.stop("SIGKILL")
    folder.dispose()
  })
  return its
}
