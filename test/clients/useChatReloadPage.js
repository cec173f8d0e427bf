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

/** The files of an input, as an app gets them. */
const filesOf = (dataUrl) => {
  const transfer = new DataTransfer()
  const bytes = Uint8Array.from(atob(dataUrl.split(",")[1]), (character) => character.charCodeAt(0))
  transfer.items.add(new File([bytes], "dot.png", { type: "image/png" }))
  return transfer.files
}
const image = parameters.get("image")

/** The images of the user's messages, each with the width that the browser reads from its bytes. */
const imagesIn = (messages) =>
  Promise.all(
    messages
      .flatMap(({ parts, role }) => (role === "user" ? parts : []))
      .filter(({ type }) => type === "file")
      .map(async (part) => {
        const bytes = await (await fetch(new URL(part.url, api), { headers })).blob()
        return { ...part, width: (await createImageBitmap(bytes)).width }
      }),
  )

const report = (seen) => fetch("/report", { method: "POST", body: JSON.stringify(seen) })

const App = ({ initial }) => {
  const transport = useMemo(() => new DefaultChatTransport({ api, headers }), [])
  const { messages, sendMessage, status } = useChat({ id, messages: initial, transport })
  const isOver = status !== "submitted" && status !== "streaming" && messages.length > 1
  const text = JSON.stringify(messages.filter(({ role }) => role === "assistant"))

  useEffect(() => {
    if (before === null)
      void sendMessage({
        text: parameters.get("question"),
        ...(image === null ? {} : { files: filesOf(image) }),
      })
  }, [sendMessage])

  useEffect(() => {
    if (!isOver) return
    if (before !== null)
      return void imagesIn(messages)
        .catch(String)
        .then((images) =>
          report({ before: JSON.parse(before), after: JSON.parse(text), count: messages.length, images }),
        )
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
