/** A real agent server behind a gateway that falls back to a model. One per group of tests. */
import { afterAll, beforeAll } from "vitest"
import { Client, tokenFor } from "../support/chatClient.ts"
import { type Model, providerEnv, startModel } from "../support/modelServer.ts"
import { type Running, startGateway, temporaryFolder } from "../support/processes.ts"
import type { RealRuntime } from "./RealRuntimes.ts"

class RuntimeWorld {
  client!: Client
  server!: Running
  model!: Model
}

export const useRuntime = (runtime: RealRuntime): RuntimeWorld => {
  const folder = temporaryFolder()
  const its = new RuntimeWorld()
  let gateway: Running | undefined
  beforeAll(async () => {
    its.model = await startModel()
    its.server = await runtime.start()
    gateway = await startGateway({
      DATA_DIR: folder.path,
      CHAT_EXECUTION_MODE: "runtime_orchestrator",
      // These tests consist of consecutive faults: the breaker must not open.
      CHAT_RUNTIME_MONITOR_MIN_SAMPLES: "100000",
      CHAT_RUNTIME_PROBES: "false",
      DIRECT_LLM_PROVIDERS: "a",
      ...providerEnv("a", its.model.url),
      ...runtime.env(its.server.url),
    })
    its.client = new Client(gateway.url, await tokenFor())
  }, 90_000)
  afterAll(async () => {
    await gateway?.stop("SIGKILL")
    await its.server?.stop("SIGKILL")
    await its.model?.stop()
    folder.dispose()
  })
  return its
}
