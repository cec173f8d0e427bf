/** The execution chain of an answer: plans, steps, calls, thoughts, fallbacks, retracts and the error at its place. */
import type { Answer } from "../../client/Conversation.ts"

export const Chain = ({ answer }: { readonly answer: Answer }) => <ol class="chain">{answer.parts.length}</ol>
