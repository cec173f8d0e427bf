import { expect, it } from "vitest"
import { AgUiAgent } from "../support/agUiClient.ts"
import { useOneGateway } from "../support/oneGateway.ts"
import { complaintsOf, readBy } from "../protocol/ag-ui/reading.ts"

const world = useOneGateway({ CHAT_EXECUTION_MODE: "direct_llm", RATE_LIMIT_USER_PER_MIN: "1" })

it("a limit answers 429 with the time to wait, which HttpAgent reports", async () => {
  const agent = new AgUiAgent(world.client).says("u1", "hello")
  expect((await readBy(agent)).complaints).toEqual([])
  const complaints = await complaintsOf(() => agent.says("u2", "again").runAgent())
  expect(complaints.at(-1)).toMatch(/HTTP 429: .*RATE_LIMIT_USER.*"retryAfter":\d+/)
  expect(agent.responses.at(-1)?.headers.get("retry-after")).not.toBeNull()
})
