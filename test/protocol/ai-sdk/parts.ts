/** The parts of the message that the AI SDK builds of a run. */
import { assert } from "@effect/vitest"
import type { Draft } from "../../../src/protocol/agent2ui/Message.ts"
import { bytesOf, entriesOf, shown } from "./chunks.ts"

export const partsOf = async (...drafts: ReadonlyArray<Draft>) => {
  const { errors, message } = await shown(bytesOf(entriesOf(drafts)))
  assert.deepStrictEqual(errors, [])
  return message?.parts.filter(({ type }) => type !== "step-start") ?? []
}
