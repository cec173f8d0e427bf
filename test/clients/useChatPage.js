/**
 * A page with `useChat`, as an app writes it. The first visit asks a question, and the page reloads in the middle of the answer;
 * the second visit resumes. Reports the text of the last message, and the states that React has shown.
 */
import { useChat } from "@ai-sdk/react"
import { DefaultChatTransport } from "ai"
import { createElement, useEffect, useMemo, useRef } from "react"
import { createRoot } from "react-dom/client"

const parameters = new URLSearchParams(location.search)
const api = parameters.get("api")
const headers = { authorization: `Bearer ${parameters.get("token")}` }
const isSecondVisit = sessionStorage.getItem("visited") !== null

const textOf = (message) =>
  message?.parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("|") ?? ""

const report = (seen) => fetch("/report", { method: "POST", body: JSON.stringify(seen) })

const App = () => {
  const transport = useMemo(() => new DefaultChatTransport({ api, headers }), [])
  const { error, messages, sendMessage, status } = useChat({
    id: parameters.get("id"),
    resume: true,
    transport,
  })
  const states = useRef([])
  if (states.current.at(-1) !== status) states.current.push(status)
  const text = textOf(messages.findLast(({ role }) => role === "assistant"))

  useEffect(() => {
    if (!isSecondVisit) void sendMessage({ text: parameters.get("question") })
  }, [sendMessage])

  useEffect(() => {
    if (!isSecondVisit && text.includes("idée 2")) {
      sessionStorage.setItem("visited", "yes")
      location.reload()
    }
    const isOver = status === "error" || (status === "ready" && text !== "")
    if (isSecondVisit && isOver)
      void report({ text, states: states.current, error: error?.message, count: messages.length })
  }, [error, messages, status, text])

  return createElement("p", {}, text)
}

createRoot(document.body).render(createElement(App))
