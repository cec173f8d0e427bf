/** The variables of a turn: its clocks, its fallbacks, and the length of the history in a prompt. */
import { choice, millis, number } from "./ConfigVariable.ts"

export const chatVariables = {
  CHAT_FIRST_CONTENT_TIMEOUT_MS: millis(
    "Longest wait for the first event of an answer, where another target could answer instead.",
    30_000,
  ),
  CHAT_STALL_TIMEOUT_MS: millis(
    "Longest wait between two events while no call is open. In direct mode 30000 unless it is set.",
    130_000,
  ),
  CHAT_CALL_TIMEOUT_MS: millis(
    "Longest wait between two events while a tool, skill or MCP call is open.",
    120_000,
  ),
  CHAT_RETRACT_PARTIAL: choice(
    "Lets shown text be taken back when its attempt fails, so that the other mode can answer.",
    ["true", "false"],
  ),
  CHAT_FALLBACK_ON_CONTENT_FILTER: choice("Lets another target answer what a content filter refused.", [
    "false",
    "true",
  ]),
  CHAT_HISTORY_MAX_TOKENS: number({
    default: 32_000,
    min: 0,
    max: 10_000_000,
    unit: "tokens",
    about:
      "Most tokens of a conversation that an upstream is sent, as estimated; older messages are left out first. An agent's historyMaxTokens goes before it.",
  }),
  CHAT_DETACH_GRACE_MS: millis("How long a run goes on without a reader.", 30_000, 0),
}
