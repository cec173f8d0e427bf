/** A page with the chain and the body of one answer. Its test sends the events of a run. */
import "../../../src/console/styles/tokens.css"
import "../../../src/console/styles/base.css"
import "../../../src/console/styles/kit.css"
import { render } from "preact"
import type { ChatEvent } from "../../../src/client/Contract.ts"
import { type Answer, emptyConversation, reduce } from "../../../src/client/Conversation.ts"
import { Chain } from "../../../src/console/chain/Chain.tsx"
import { AnswerBody } from "../../../src/console/parts/AnswerBody.tsx"

const root = document.getElementById("app")
let conversation = emptyConversation

const Page = ({ answer }: { readonly answer: Answer }) => (
  <main style={{ padding: "0.8rem", maxWidth: "60rem" }}>
    <h1>Parts</h1>
    <h2>Answer</h2>
    <AnswerBody answer={answer} />
    <Chain answer={answer} />
  </main>
)

const show = (events: ReadonlyArray<ChatEvent>): void => {
  conversation = events.reduce(reduce, conversation)
  const [answer] = conversation.messages
  if (root !== null && answer?.role === "assistant") render(<Page answer={answer} />, root)
}

const clear = (): void => {
  conversation = emptyConversation
  if (root !== null) render(null, root)
}

Object.assign(globalThis, { show, clear })
