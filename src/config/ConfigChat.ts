/** The variables of a turn: its clocks, its fallbacks, and the length of the history in a prompt. */
import { choice, millis, number, optionalText } from "./ConfigVariable.ts"

export const chatVariables = {
  CHAT_FIRST_CONTENT_TIMEOUT_MS: millis(
    "Limit for the first event of an answer, if another target could answer instead.",
    30_000,
  ),
  CHAT_STALL_TIMEOUT_MS: millis(
    "Limit between two events while no call is open. In direct mode 30000 unless set.",
    130_000,
  ),
  CHAT_CALL_TIMEOUT_MS: millis("Limit between two events while a tool, skill or MCP call is open.", 120_000),
  CHAT_RETRACT_PARTIAL: choice(
    "Takes back shown text if its attempt fails, so that the other mode can answer.",
    ["true", "false"],
  ),
  CHAT_FALLBACK_ON_CONTENT_FILTER: choice("Lets another target answer after a content filter refused.", [
    "false",
    "true",
  ]),
  CHAT_HISTORY_MAX_TOKENS: number({
    default: 32_000,
    min: 0,
    max: 10_000_000,
    unit: "tokens",
    about:
      "Maximum of history tokens sent to an upstream, as estimated; the oldest messages are dropped first. An agent's historyMaxTokens takes precedence.",
  }),
  CHAT_TITLES: optionalText(
    "Direct provider that names a session after its first answer. It reads both texts, and its tokens count in the user's budget.",
    "empty, or a name of DIRECT_LLM_PROVIDERS",
  ),
  CHAT_DETACH_GRACE_MS: millis("Time that a run continues without a reader.", 30_000, 0),
}
