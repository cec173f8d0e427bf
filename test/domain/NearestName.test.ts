import { expect, test } from "vitest"
import { nearestName } from "../../src/domain/NearestName.ts"

const known = ["CHAT_EXECUTION_MODE", "CHAT_RUNTIME_PERCENT", "CHAT_RUNTIME_PROBES", "acme", "globex"]

test.each([
  ["CHAT_EXECUTON_MODE", "CHAT_EXECUTION_MODE"],
  ["CHAT_EXECUTIONS_MODE", "CHAT_EXECUTION_MODE"],
  ["CHAT_EXECUTION_MODA", "CHAT_EXECUTION_MODE"],
  ["CHAT_EXECUTOIN_MODE", "CHAT_EXECUTION_MODE"],
  ["CHAT_RUNTIME_PROBE", "CHAT_RUNTIME_PROBES"],
  ["chat_runtime_percent", "CHAT_RUNTIME_PERCENT"],
  ["Acme", "acme"],
  ["amce", "acme"],
])("%s means %s", (name, expected) => {
  expect(nearestName(name, known)).toBe(expected)
})

test.each(["", "x", "CHAT_NOTHING_LIKE_THIS", "abcd", "emca"])("%j means no known name", (name) => {
  expect(nearestName(name, known)).toBeUndefined()
})

test("the first of equally near names wins", () => {
  expect(nearestName("bat", ["cat", "hat"])).toBe("cat")
})
