/**
 * A page with `useChat` that loads its messages from the gateway, as an app writes it. The first visit asks a question and
 * reloads after the answer; the second visit reports what React shows, and what it had shown before.
 */
import { useChat } from "@ai-sdk/react"
import { DefaultChatTransport, validateUIMessages } from "ai"
import { createElement, useEffect, useMemo } from "react"
import { createRoot } from "react-dom/client"

const parameters = new URLSearchParams(location.search)
const api = parameters.get("api")
const id = parameters.get("id")
const headers = { authorization: `Bearer ${parameters.get("token")}` }
const before = sessionStorage.getItem("shown")

const report = (seen) => fetch("/report", { method: "POST", body: JSON.stringify(seen) })

const App = ({ initial }) => {
  const transport = useMemo(() => new DefaultChatTransport({ api, headers }), [])
  const { messages, sendMessage, status } = useChat({ id, messages: initial, transport })
  const isOver = status !== "submitted" && status !== "streaming" && messages.length > 1
  const text = JSON.stringify(messages.filter(({ role }) => role === "assistant"))

  useEffect(() => {
    if (before === null) void sendMessage({ text: parameters.get("question") })
  }, [sendMessage])

  useEffect(() => {
    if (!isOver) return
    if (before !== null)
      return void report({ before: JSON.parse(before), after: JSON.parse(text), count: messages.length })
    sessionStorage.setItem("shown", text)
    location.reload()
  }, [isOver, messages, text])

  return createElement("p", {}, text)
}

const load = async () => {
  const { data } = await (await fetch(`${api}/${id}/messages`, { headers })).json()
  if (data.messages.length > 0) await validateUIMessages({ messages: data.messages })
  return data.messages
}

void load().then((initial) => createRoot(document.body).render(createElement(App, { initial })))
