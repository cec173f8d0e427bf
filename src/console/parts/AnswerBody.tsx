/** The content of an answer in its order: text, code, tables, charts, images, files, reports, output of sandboxes, progress. */
import type { Answer } from "../../client/Conversation.ts"

export const AnswerBody = ({ answer }: { readonly answer: Answer }) => (
  <div class="answer">{answer.parts.map((part) => ("content" in part ? part.content : ""))}</div>
)
