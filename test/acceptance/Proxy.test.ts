/** The service behind a forward proxy: it reaches providers and keys through it, and the sandbox without it. */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Client, textOf, tokenFor } from "../support/chatClient.ts"
import { startProxy } from "../support/forwardProxy.ts"
import { KeyServer, makeKey, sign } from "../support/identityProvider.ts"
import { type Model, providerEnv, startModel } from "../support/modelServer.ts"
import { type Running, startGateway, temporaryFolder } from "../support/processes.ts"

const folders = [temporaryFolder(), temporaryFolder(), temporaryFolder()]
let model: Model
let proxy: Awaited<ReturnType<typeof startProxy>>
const gateways: Array<Running> = []

const start = async (dataDir: string, env: Readonly<Record<string, string>>): Promise<Client> => {
  const gateway = await startGateway({ DATA_DIR: dataDir, ...env })
  gateways.push(gateway)
  return new Client(gateway.url, await tokenFor())
}

beforeAll(async () => {
  model = await startModel()
  proxy = await startProxy({ to: model.url })
})
afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway.stop("SIGKILL")))
  proxy.stop()
  await model.stop()
  for (const folder of folders) folder.dispose()
})

describe("a proxy in the environment", () => {
  it("carries a turn to a provider that only the proxy can reach", async () => {
    const client = await start(folders[0]!.path, {
      http_proxy: proxy.url,
      CHAT_EXECUTION_MODE: "direct_llm",
      DIRECT_LLM_PROVIDERS: "a",
      ...providerEnv("a", "http://model.invalid/v1"),
    })
    const frames = await (await client.start("hello")).rest()
    expect(textOf(frames)).toBe("direct answer")
    expect(proxy.asked).toEqual(["POST http://model.invalid/v1/chat/completions"])
  })

  it("carries the fetch of an identity provider's keys", async () => {
    const key = await makeKey("RS256", "key-1")
    const keys = new KeyServer([key.jwk])
    await keys.listen()
    const keysProxy = await startProxy({ to: keys.url })
    try {
      const { url } = await start(folders[2]!.path, {
        HTTPS_PROXY: keysProxy.url,
        AUTH_JWKS_URL: "https://id.invalid/jwks",
        AUTH_AUDIENCE: "chat",
        RUNTIME_SERVICE_URL: "http://127.0.0.1:9",
      })
      const claims = { sub: "ana", org_id: "acme", aud: "chat", exp: Math.floor(Date.now() / 1000) + 60 }
      const client = new Client(url, await sign(key, claims))
      // There is no TLS behind the tunnel, so the fetch fails; the test needs only its request at the proxy.
      expect((await client.request("GET", "/api/v1/chat/sessions")).status).toBe(503)
      expect(new Set(keysProxy.asked)).toEqual(new Set(["CONNECT id.invalid:443"]))
    } finally {
      keysProxy.stop()
      await keys.close()
    }
  })

  it("is not used for the sandbox", async () => {
    const client = await start(folders[1]!.path, {
      HTTP_PROXY: "http://127.0.0.1:1",
      SANDBOX_RUNTIME_PORT: "0",
      SANDBOX_MODEL_PORT: "0",
    })
    const frames = await (await client.start("/plain hello")).rest()
    expect(frames.at(-1)?.event).toBe("done")
  })
})
