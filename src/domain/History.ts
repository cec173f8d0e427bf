/** From a conversation's messages to what an upstream is sent. Pure. */

/** One message of a prompt. */
export interface PromptMessage {
  readonly role: "user" | "assistant"
  readonly content: string
}

/** The messages before `message`, oldest first, and `message` itself as the last one. */
export const promptOf = (
  before: ReadonlyArray<PromptMessage>,
  message: string,
): ReadonlyArray<PromptMessage> => [
  ...before.map(({ content, role }) => ({ role, content })),
  { role: "user", content: message },
]
