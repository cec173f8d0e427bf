/** The files that each wire of the runtime carries. Pure. */
import type { PromptMessage } from "../domain/History.ts"
import type { RuntimeProtocol } from "../domain/RuntimeProtocol.ts"
import type { RunsOn, Turn } from "./Executor.ts"
import { type AttachmentRules, noAttachments } from "./files/AttachmentRules.ts"
import * as LangGraphRecord from "./langgraph/LangGraphRecord.ts"
import * as ResponsesRecord from "./responses/ResponsesRecord.ts"
import { protocolOf, type RuntimeSettings } from "./RuntimeSettings.ts"

const mb = 1024 * 1024
/** No wire has a limit of its own. Servers and proxies in between often have one of this size. */
const contents = { as: "contents", mostBytes: 30 * mb, mostImageBytes: 30 * mb, mostFiles: 100 } as const
const links = { ...noAttachments, as: "links" } as const

export const rulesOf = (settings: RuntimeSettings, agent: RunsOn): AttachmentRules => {
  const { attachments, linksFiles } = settings
  if (protocolOf(settings, agent) !== "agent2ui") return { ...contents, kinds: attachments }
  return linksFiles ? { ...links, kinds: attachments } : noAttachments
}

const before = ({ history }: Turn): ReadonlyArray<PromptMessage> => history.slice(0, -1)

/** The messages whose files the runtime does not have. A server that lost a conversation gets marks. */
const earlier: Readonly<
  Record<RuntimeProtocol, (turn: Turn, settings: RuntimeSettings) => ReadonlyArray<PromptMessage>>
> = {
  // Links are sent for the current message only.
  agent2ui: () => [],
  "ag-ui": (turn, { history }) => (history === "last" ? [] : turn.past.length > 0 ? turn.past : before(turn)),
  langgraph: (turn) =>
    (turn.shadow ? undefined : LangGraphRecord.knownIn(turn.past))?.missing ?? before(turn),
  responses: (turn) =>
    !turn.shadow && ResponsesRecord.previousOf(turn)?.responseId !== undefined ? [] : before(turn),
}

export const earlierOf = (settings: RuntimeSettings, turn: Turn): ReadonlyArray<PromptMessage> =>
  earlier[protocolOf(settings, turn.agent)](turn, settings)
