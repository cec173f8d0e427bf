import { afterAll, expect, it } from "vitest"
import { providerEnv } from "../support/modelServer.ts"
import { startGateway, temporaryFolder } from "../support/processes.ts"

const nowhere = "http://127.0.0.1:9"
const warning = "no direct provider is configured: turns fail when the runtime does"

const folders = [temporaryFolder(), temporaryFolder()]
afterAll(() => folders.forEach((folder) => folder.dispose()))

it.each([
  ["warns that there is no fallback without a direct provider", 0, {}, true],
  ["does not warn with one", 1, { DIRECT_LLM_PROVIDERS: "one", ...providerEnv("one", nowhere) }, false],
] as const)("a start with a runtime %s", async (_, index, env, warns) => {
  const gateway = await startGateway({
    DATA_DIR: folders[index]!.path,
    RUNTIME_SERVICE_URL: nowhere,
    ...env,
  })
  await gateway.stop()
  expect(gateway.output().includes(warning)).toBe(warns)
})
