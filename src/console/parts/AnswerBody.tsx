/** The content of an answer in its order: text, code, tables, charts, images, files, reports, output of sandboxes, progress. */
import "./parts.css"
import type { Answer } from "../../client/Conversation.ts"
import { Blocks } from "./PartView.tsx"

export const AnswerBody = ({ answer }: { readonly answer: Answer }) => (
  <div class="answer">
    <Blocks parts={answer.parts} isLive={answer.status === "running"} />
  </div>
)
