/** Each real client over each real agent server. */
import { describe, expect, it } from "vitest"
import { drivers } from "./Drivers.ts"
import { realRuntimes } from "./RealRuntimes.ts"
import type { ClientDriver, Part, Shown } from "./Shown.ts"
import { useRuntime } from "./useRuntime.ts"

/** The users of a protocol without calls see only the answer. */
const callsOf = ({ cannot }: ClientDriver, name: string): Shown["calls"] =>
  cannot.includes("calls") ? [] : [{ name, failed: false }]

describe.each(realRuntimes.map((runtime) => [runtime.name, runtime] as const))("%s", (_, runtime) => {
  const its = useRuntime(runtime)
  const open = (driver: ClientDriver) => driver.open(its.client)
  const { errorBefore = "", interrupt = "", text = "", tool = "" } = runtime.says
  const carrying = (part: Part) => drivers.filter(({ cannot }) => !cannot.includes(part))
  const named = (some: typeof drivers) => some.map((driver) => [driver.name, driver] as const)

  it.each(named(drivers))(
    "shows a tool and its answer in %s, then the answer of the direct mode",
    async (__, driver) => {
      const conversation = open(driver)
      const first = await conversation.send(tool)
      expect(first).toMatchObject({ calls: callsOf(driver, runtime.tool), error: undefined })
      expect(first.text).not.toBe("")
      const asked = its.model.asked.length
      const second = await conversation.send(errorBefore)
      expect(second).toMatchObject({ text: "direct answer", calls: [], error: undefined })
      // The direct mode knows the turn with the tool.
      const requests = its.model.asked.slice(asked).map(({ body }) => JSON.stringify(body.messages))
      expect(requests).toHaveLength(1)
      expect(requests[0]).toContain(JSON.stringify(tool))
    },
  )

  it.each(interrupt === "" ? [] : named(carrying("questions")))(
    "asks the user in %s, and continues after the approval",
    async (__, driver) => {
      const conversation = open(driver)
      const asked = await conversation.send(interrupt)
      expect(asked.error).toBeUndefined()
      expect(asked.questions).toHaveLength(1)
      const answered = await conversation.answer(asked.questions[0]?.id ?? "", { approved: true })
      expect(answered.error).toBeUndefined()
      expect(answered.text).toMatch(/done/)
      expect(answered.questions).toEqual([])
      expect(await conversation.send(text)).toMatchObject({ calls: [], questions: [], error: undefined })
    },
  )

  it.each(interrupt === "" ? [] : named(drivers.filter(({ cannot }) => cannot.includes("questions"))))(
    "shows an error in %s instead of an answer that waits, and takes the next message",
    async (__, driver) => {
      const conversation = open(driver)
      const asked = await conversation.send(interrupt)
      expect(asked.error).toContain("The agent waits for an answer that this protocol cannot carry")
      const next = await conversation.send(text)
      expect(next.error).toBeUndefined()
      expect(next.text).toMatch(/^Hello/)
    },
  )
})
