/** Daily token budgets: the spend stays within the budget and one request, over gateways and restarts. */
import { describe, expect, it } from "vitest"
import { type Client, defaultAgent, eventually, type Stream } from "../support/chatClient.ts"
import { type Gateways, hasServices, places, useGateways } from "../support/gateways.ts"

/** The model reports this for each of its answers. */
const turnTokens = 42
const userBudget = 4200
const orgBudget = 8400

const post = (client: Client, message = "hi", headers: Record<string, string> = {}) =>
  client.request("POST", "/api/v1/chat/start", { agentId: defaultAgent, message }, headers)

/** Reads the answer to its end. */
const turn = async (client: Client, message = "hi", headers: Record<string, string> = {}) => {
  const response = await post(client, message, headers)
  return { response, status: response.status, body: await response.text() }
}
const codeOf = ({ body }: { readonly body: string }): string => JSON.parse(body).error.code
const told = ({ response }: { readonly response: Response }) =>
  ["limit", "remaining", "reset"].map((name) => Number(response.headers.get(`x-ratelimit-${name}-tokens`)))
const secondsToMidnight = () => 86_400 - (Date.now() % 86_400_000) / 1000

const spentBy = (its: Gateways) => its.model.asked.length * turnTokens

describe.each(places)("the daily token budgets of a user and an organisation, %s", (_, count) => {
  describe.skipIf(count === 2 && !hasServices)("with its services", () => {
    const its = useGateways(
      {
        TOKEN_BUDGET_USER_PER_DAY: String(userBudget),
        TOKEN_BUDGET_ORG_PER_DAY: String(orgBudget),
        CORS_ALLOWED_ORIGINS: "https://app.example",
      },
      count,
    )
    const asSomeone = (org: string = crypto.randomUUID(), user = "ana") => {
      its.model.asked.length = 0
      its.model.answers.length = 0
      return its.as(org, user)
    }

    it("X9: let a loop of 1000 turns start only the turns that the budget covers, within 5 %", async () => {
      const clients = await asSomeone()
      const refused: Array<Awaited<ReturnType<typeof turn>>> = []
      for (let index = 0; index < 1000; index++) {
        const answer = await turn(clients[index % clients.length]!)
        // On a busy machine a turn may find the store away.
        if (answer.status === 503) index -= 1
        else if (answer.status !== 200) refused.push(answer)
      }
      expect(spentBy(its)).toBeGreaterThanOrEqual(userBudget * 0.95)
      expect(spentBy(its)).toBeLessThanOrEqual(userBudget + turnTokens)
      expect(refused).toHaveLength(1000 - its.model.asked.length)
      expect(new Set(refused.map(codeOf))).toEqual(new Set(["TOKEN_BUDGET_EXCEEDED"]))
      for (const { response, status } of refused.slice(-3)) {
        expect(status).toBe(429)
        const seconds = Number(response.headers.get("retry-after"))
        expect(Math.abs(seconds - secondsToMidnight())).toBeLessThan(30)
      }
      expect(told(refused.at(-1)!).slice(0, 2)).toEqual([userBudget, 0])
    }, 60_000)

    it("X9: let concurrent turns spend at most the budget and one request", async () => {
      const clients = await asSomeone()
      let left = 400
      const loop = async (client: Client) => {
        while (left > 0) {
          left -= 1
          await turn(client)
        }
      }
      await Promise.all(Array.from({ length: 20 }, (_, index) => loop(clients[index % clients.length]!)))
      // These are refused while the rest is only reserved, which is still there.
      for (let index = 0; index < 20; index++) await turn(clients[index % clients.length]!)
      expect(spentBy(its)).toBeGreaterThanOrEqual(userBudget * 0.95)
      expect(spentBy(its)).toBeLessThanOrEqual(userBudget + turnTokens)
    }, 60_000)

    it("X9: share the organisation's budget among its users, and not with other organisations", async () => {
      const org = crypto.randomUUID()
      const users = await Promise.all(["ana", "bob", "eve"].map((user) => asSomeone(org, user)))
      const codes = new Set<string>()
      for (let index = 0; index < 300; index++) {
        const answer = await turn(users[index % 3]![index % count]!)
        if (answer.status !== 200) codes.add(JSON.parse(answer.body).error.message)
      }
      expect(spentBy(its)).toBeGreaterThanOrEqual(orgBudget * 0.95)
      expect(spentBy(its)).toBeLessThanOrEqual(orgBudget + turnTokens)
      expect([...codes].join()).toContain("Your organisation")
      expect((await turn((await asSomeone())[0]!)).status).toBe(200)
    }, 60_000)

    it("are stated in every answer to a turn, and browsers may read them", async () => {
      const [client] = await asSomeone()
      const first = await turn(client!, "hi", { origin: "https://app.example" })
      const [limit, remaining, reset] = told(first)
      expect(limit).toBe(userBudget)
      // Its own reservation: the prompt, and a first answer.
      expect(remaining).toBeGreaterThan(userBudget / 2)
      expect(remaining).toBeLessThan(userBudget)
      expect(Math.abs(reset! - secondsToMidnight())).toBeLessThan(30)
      expect(first.response.headers.get("access-control-expose-headers")).toContain(
        "x-ratelimit-remaining-tokens",
      )
      expect(told(await turn(client!))[1]).toBe(userBudget - 2 * turnTokens)
    })

    it("count a failed attempt that began to answer, and no refused one", async () => {
      const [client] = await asSomeone()
      await turn(client!)
      const before = told(await turn(client!))[1]!
      its.model.answers.push({ kind: "status", status: 400 })
      await turn(client!)
      expect(told(await turn(client!))[1]).toBe(before - turnTokens)
      its.model.answers.push({ kind: "cut", parts: ["x".repeat(400)] })
      await turn(client!)
      const after = told(await turn(client!))[1]!
      expect(before - turnTokens - after).toBeGreaterThan(turnTokens + 100)
      expect(before - turnTokens - after).toBeLessThan(2 * turnTokens + 200)
    })

    it("count no refused turn, and no replayed turn under its key", async () => {
      const [client] = await asSomeone()
      const key = { "idempotency-key": crypto.randomUUID() }
      await turn(client!, "hi", key)
      const before = told(await turn(client!))[1]!
      const body = { agentId: "00000000-0000-4000-8000-00000000dead", message: "hi" }
      expect((await client!.request("POST", "/api/v1/chat/start", body)).status).toBe(404)
      const again = await turn(client!, "hi", key)
      expect(again.response.headers.get("idempotent-replayed")).toBe("true")
      expect(again.response.headers.has("x-ratelimit-remaining-tokens")).toBe(false)
      expect(told(await turn(client!))[1]).toBe(before - turnTokens)
    })

    it("stay spent while the key of the last turn still replays its answer", async () => {
      const [client] = await asSomeone()
      const key = { "idempotency-key": crypto.randomUUID() }
      expect((await turn(client!, "x".repeat(99_000), key)).status).toBe(200)
      for (let index = 0; index < 110; index++) await turn(client!)
      expect((await turn(client!)).status).toBe(429)
      expect((await turn(client!, "x".repeat(99_000), key)).status).toBe(200)
    })

    it.each(["SIGTERM", "SIGKILL"] as const)(
      "are still spent after a restart by %s",
      async (signal) => {
        const org = crypto.randomUUID()
        const clients = await asSomeone(org)
        for (let index = 0; index < 60; index++) await turn(clients[index % clients.length]!)
        await its.restart(0, signal)
        const [restarted] = await its.as(org, "ana")
        for (let index = 0; index < 60; index++) await turn(restarted!)
        expect(spentBy(its)).toBeGreaterThanOrEqual(userBudget * 0.95)
        expect(spentBy(its)).toBeLessThanOrEqual(userBudget + turnTokens)
      },
      60_000,
    )

    it("reserve the estimate of a running turn, and settle with a cancelled turn's use", async () => {
      const [client] = await asSomeone()
      its.model.answers.push(...Array.from({ length: 5 }, () => ({ kind: "hang", parts: ["word"] }) as const))
      const streams: Array<Stream> = []
      let refused: Awaited<ReturnType<typeof turn>> | undefined
      // The first turns of a day are reserved with more than 1024 tokens each.
      while (refused === undefined) {
        const stream = await client!.start("hi")
        if (stream.response.status === 200) streams.push(stream)
        else refused = await turn(client!)
      }
      its.model.answers.length = 0
      expect(streams).toHaveLength(4)
      expect([refused.status, codeOf(refused)]).toEqual([429, "TOKEN_BUDGET_EXCEEDED"])
      expect(Number(refused.response.headers.get("retry-after"))).toBeLessThan(60)
      for (const { runId } of streams) await client!.json("POST", `/api/v1/chat/runs/${runId}/cancel`)
      const next = await eventually(async () => {
        const answer = await turn(client!)
        return answer.status === 200 && answer
      })
      expect(told(next)[1]).toBeGreaterThan(userBudget - 10 * turnTokens)
    })
  })
})
