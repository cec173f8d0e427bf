/**
 * The script that the sandbox runtime plays for a message: thinking, a plan of three steps with a tool, a skill and
 * an MCP call, an answer in pieces, a file, the end. It takes three to four seconds, so that a viewer sees it stream.
 *
 * Pure; names and fields are those of the runtime wire. The wire has no call id: a call is paired with its completion
 * by order and name, so calls never overlap here. A message that begins with `/plain` is answered without a plan and
 * calls: the only case in which a cut answer may be retracted and sent again.
 */
import type { Random } from "./Bytes.ts"
import { quoted, spoken } from "./Prose.ts"

/** One event and the wait before it. */
export interface Beat {
  readonly afterMs: number
  readonly event: string
  readonly data: Readonly<Record<string, unknown>>
}

export interface ScriptFile {
  readonly id: string
  readonly filename: string
  readonly mimeType: string
  readonly content: Uint8Array
}

export interface Script {
  readonly beats: ReadonlyArray<Beat>
  readonly file: ScriptFile
  readonly answer: string
}

interface Turn {
  readonly message: string
  /** Messages of the conversation before this one. */
  readonly earlier: number
  readonly fileId: string
  /** Calls are shown but not made. */
  readonly dryRun: boolean
}

const answerTo = (turn: Turn): string => `You wrote:

${quoted(turn.message)}

**This answer was written by the sandbox runtime**, not by a model. It shows what a real runtime would send:

- a plan of three steps, each reported as it starts and ends
- a tool, a skill and an MCP call (“search_docs”, “summarize”, “lookup”)
- this text, in small pieces, and a file with the notes

It had ${turn.earlier} earlier message${turn.earlier === 1 ? "" : "s"} to read. Now break the runtime and ask again: the next answer should still come, written by the sandbox model in direct mode. Ça marche très bien ✓ 🙂
`

const notes = (turn: Turn, answer: string, id: string): ScriptFile => ({
  id,
  filename: "notes.md",
  mimeType: "text/markdown",
  content: new TextEncoder().encode(
    `# Notes of the sandbox runtime\n\n## Question\n\n${turn.message}\n\n## Answer\n\n${answer}`,
  ),
})

const beat = (afterMs: number, event: string, data: Beat["data"]): Beat => ({ afterMs, event, data })

const call = (
  kind: "tool" | "skill" | "mcp",
  names: Beat["data"],
  args: Beat["data"],
  result: unknown,
  duration: number,
) => [
  beat(60, `${kind}_call_start`, { ...names, arguments: args }),
  beat(duration, `${kind}_call_complete`, { ...names, result, success: true, error: null, duration }),
]

const step = (
  head: { readonly step_id: string; readonly title: string },
  how: { readonly tool: string | null; readonly params: Beat["data"]; readonly result: string },
  calls: ReadonlyArray<Beat>,
): ReadonlyArray<Beat> => [
  beat(80, "plan_step_start", { ...head, tool: how.tool, params: how.params }),
  ...calls,
  beat(80, "plan_step_complete", {
    ...head,
    result: how.result,
    duration_ms: 80 + calls.reduce((sum, each) => sum + each.afterMs, 0),
  }),
]

const titles = ["Search the documentation", "Summarise what was found", "Check the facts"] as const
const head = (index: 0 | 1 | 2) => ({ step_id: `step-${index + 1}`, title: titles[index] })

const planned = (query: string): ReadonlyArray<Beat> => [
  beat(180, "plan_created", { steps: titles.map((title, index) => ({ id: `step-${index + 1}`, title })) }),
  ...step(
    head(0),
    { tool: "search_docs", params: { query }, result: "2 pages found" },
    call("tool", { tool_name: "search_docs" }, { query }, { pages: ["cutover.md", "fallback.md"] }, 260),
  ),
  ...step(
    head(1),
    { tool: null, params: {}, result: "Summarised" },
    call(
      "skill",
      { tool_name: "summarize", skill_id: "sandbox.summarize", skill_name: "summarize" },
      { pages: 2 },
      "Two pages, one idea.",
      220,
    ),
  ),
  ...step(
    head(2),
    { tool: "lookup", params: { topic: "fallback" }, result: "Confirmed" },
    call(
      "mcp",
      { server_id: "sandbox-mcp", tool_name: "lookup" },
      { topic: "fallback" },
      { found: true },
      200,
    ),
  ),
]

const withoutEffect = (played: Beat): Beat =>
  played.event.endsWith("_call_complete")
    ? { ...played, data: { ...played.data, result: "not called: dry run" } }
    : played

/** The whole script for one message. `random` varies the pauses between the pieces of text: 40 to 60 ms. */
export const script = (turn: Turn, random: Random): Script => {
  const plain = turn.message.startsWith("/plain")
  const answer = answerTo(turn)
  const file = notes(turn, answer, turn.fileId)
  const thinking = { content: "Reading the question, choosing what to look up…", stage: "analyzing" }
  const created = {
    file_id: file.id,
    filename: file.filename,
    mime_type: file.mimeType,
    size: file.content.length,
    url: `/files/${file.id}/${file.filename}`,
  }
  const beats = [
    beat(120, "thinking", thinking),
    ...(plain ? [] : planned(Array.from(turn.message).slice(0, 60).join(""))),
    ...spoken(answer, 3).map((content) => beat(40 + Math.floor(random() * 21), "text_chunk", { content })),
    ...(plain ? [] : [beat(120, "file_created", created)]),
    beat(80, "execution_complete", { final_response: answer }),
  ]
  return { beats: turn.dryRun ? beats.map(withoutEffect) : beats, file, answer }
}
