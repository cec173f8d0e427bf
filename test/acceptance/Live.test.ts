import { execFile } from "node:child_process"
import { resolve } from "node:path"
import { describe, expect, it } from "vitest"
import { eventually, operatorToken, tokenFor } from "../support/chatClient.ts"
import { start } from "../support/processes.ts"
import { useWorld } from "../support/world.ts"

const world = useWorld()
const path = "/api/v1/runtime/live"

/** Open until it is closed; `views` are the views so far. */
const watch = async (token: string) => {
  const abort = new AbortController()
  const response = await fetch(`${world.gateway.url}${path}`, {
    headers: { authorization: `Bearer ${token}` },
    signal: abort.signal,
  })
  let text = ""
  const read = async () => {
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) text += chunk
  }
  const over = response.status === 200 ? read().catch(() => {}) : Promise.resolve()
  // oxlint-disable-next-line typescript/no-explicit-any -- the view as the API shows it
  const views = (): ReadonlyArray<any> =>
    Array.from(text.matchAll(/^event: snapshot\ndata: (.*)$/gm), ([, data = ""]) => JSON.parse(data))
  return { response, views, text: () => text, over, close: () => abort.abort() }
}

const cli = (args: ReadonlyArray<string>, token: string) =>
  new Promise<{ readonly code: number; readonly out: string; readonly error: string }>((done) => {
    const env = { PATH: process.env["PATH"], CROSSFADE_TOKEN: token }
    const main = resolve("src/cli/main.ts")
    execFile(
      process.execPath,
      [main, "watch", "--url", world.gateway.url, ...args],
      { env },
      (failure, out, error) =>
        done({ code: typeof failure?.code === "number" ? failure.code : 0, out, error }),
    )
  })

describe("the live view", () => {
  it("shows both modes, the breaker and the last decisions and changes, and follows them", async () => {
    const operator = await operatorToken(["operator:read"])
    await (await world.client.start("hello")).rest()
    const live = await watch(operator)
    const first = await eventually(async () => live.views()[0])
    const before = first.modes.direct_llm.total
    const moved = await world.client.start({ scenario: "error", code: "X" })
    await moved.rest()
    const last = await eventually(async () => {
      const view = live.views().at(-1)
      return view.modes.direct_llm.total > before && view
    })
    expect(last.at).toBeGreaterThan(first.at)
    expect(last.modes.runtime_orchestrator.total).toBe(2)
    expect(last.breaker.state).toBe("closed")
    expect(last.decisions.map(({ reason, runId }: Record<string, string>) => [runId, reason])).toContainEqual(
      [moved.runId, "default_mode"],
    )
    expect(last.fallbacks[0]).toMatchObject({ runId: moved.runId, to: "direct_llm", code: "X" })
    const metrics = (await world.operator.json("GET", "/api/v1/runtime/metrics")).data
    expect(last.modes.runtime_orchestrator).toMatchObject(metrics.runtime)
    live.close()
  })

  it("counts the decisions by reason, the attempts in flight and the time to first content", async () => {
    const live = await watch(await operatorToken(["operator:read"]))
    const held = await world.client.start({ scenario: "hang", after: "text" })
    const during = await eventually(async () => {
      const view = live.views().at(-1)
      return view?.modes.runtime_orchestrator.inFlight === 1 && view
    })
    expect(during.fleet).toBe("none")
    expect(during.runtimeConfigured).toBe(true)
    expect(during.rollout).toMatchObject({ enabledOrgs: 0, deniedOrgs: 0, rules: 0 })
    expect(during.decisionCounts.counts[0]).toMatchObject({
      mode: "runtime_orchestrator",
      reason: "default_mode",
    })
    expect(during.thresholds).toMatchObject({ minSamples: 100_000, errorRate: 0.5, timeoutRate: 0.3 })
    await world.client.request("POST", `/api/v1/chat/runs/${held.runId}/cancel`)
    held.leave()
    await eventually(async () => live.views().at(-1)?.modes.runtime_orchestrator.inFlight === 0, 20)
    expect(live.views().at(-1).modes.runtime_orchestrator.p50FirstContentMs).toBeGreaterThan(0)
    live.close()
  })

  it("has a time axis: the series of the last 15 minutes, whose newest point is in each view", async () => {
    const live = await watch(await operatorToken(["operator:read"]))
    const view = await eventually(async () => live.views().find(({ point }) => point !== null))
    const { data } = await world.operator.json("GET", "/api/v1/runtime/series")
    expect(data).toMatchObject({ replica: view.replica, intervalMs: 5000, spanMs: 30_000 })
    expect(data.points).toContainEqual(view.point)
    live.close()
  })

  it("is limited to operators, and to a number of concurrent viewers", async () => {
    expect((await watch(await tokenFor("acme", "ana", ["*"]))).response.status).toBe(403)
    const operator = await operatorToken(["operator:read"])
    const all = await Promise.all(Array.from({ length: 20 }, () => watch(operator)))
    expect(new Set(all.map(({ response }) => response.status))).toEqual(new Set([200]))
    await eventually(async () => all.every(({ views }) => views().length > 0))
    const { response } = await watch(operator)
    expect([response.status, response.headers.get("retry-after")]).toEqual([429, "5"])
    for (const { close } of all) close()
    await eventually(async () => {
      const one = await watch(operator)
      one.close()
      return one.response.status === 200
    })
  })

  it("is printed by `crossfade watch`, once or as JSON, with the reason if it fails", async () => {
    const operator = await operatorToken(["operator:read"])
    const shown = await cli(["--once"], operator)
    expect([shown.code, shown.error]).toEqual([0, ""])
    for (const part of [
      "All turns go to the runtime.",
      "runtime_orchestrator",
      "direct_llm",
      "breaker   closed",
      "last decisions",
    ])
      expect(shown.out).toContain(part)
    expect(shown.out).not.toContain("\u001b")
    const json = JSON.parse((await cli(["--once", "--json"], operator)).out)
    expect(json.modes.runtime_orchestrator.total).toBeGreaterThan(0)
    const refused = await cli(["--once"], await tokenFor("acme", "ana", ["chat:*"]))
    expect(refused).toMatchObject({ code: 1, out: "" })
    expect(refused.error).toMatch(/^http.*: the token lacks operator:read \(403\).*\n$/)
    expect((await cli(["--once"], "nobody")).error).toMatch(/not accepted \(401\)/)
  })

  it("reconnects after the service restarts, and marks earlier data as old", async () => {
    const operator = await operatorToken(["operator:read"])
    const args = ["src/cli/main.ts", "watch", "--url", world.gateway.url]
    const env = { PATH: process.env["PATH"], CROSSFADE_TOKEN: operator }
    const shown = await start(process.execPath, args, env, (line) =>
      line.includes("breaker   closed") ? "shown" : undefined,
    )
    await world.gateway.stop("SIGKILL")
    await eventually(async () =>
      /as of \d\d:\d\d:\d\d\nconnection lost \(.*\), trying again/.test(shown.output()),
    )
    await shown.stop("SIGINT")
  })

  it("ends with a message when the service stops", async () => {
    await world.restart()
    const live = await watch(await operatorToken(["operator:read"]))
    await eventually(async () => live.views().length > 0)
    await world.gateway.stop("SIGTERM")
    await live.over
    expect(live.text()).toMatch(/event: error\ndata: \{"code":"SHUTTING_DOWN".*\}\n\n$/)
  })
})
