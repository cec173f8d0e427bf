import { assert, describe, it } from "@effect/vitest"
import type { Notification } from "../../src/domain/Notification.ts"
import * as Signature from "../../src/notify/Signature.ts"
import { slackMessage } from "../../src/notify/SlackForm.ts"
import { teamsMessage } from "../../src/notify/TeamsForm.ts"
import { isSlackMessage, isTeamsMessage, testKey, verified } from "../support/webhookReceiver.ts"
import { notification } from "./notification.ts"

const hostile = "<!channel> <https://evil.example|ok> & [x](https://evil.example) \u{1F525} "

describe("the Slack form", () => {
  it("escapes what Slack reads as markup, in every text", () => {
    const message = slackMessage(notification({ text: hostile, by: "<@U1> of a&b", orgId: "<x>" as never }))
    assert.isTrue(isSlackMessage(message))
    const texts = JSON.stringify(message)
    assert.include(texts, "&lt;!channel&gt; &lt;https://evil.example|ok&gt; &amp;")
    assert.include(texts, "&lt;@U1&gt; of a&amp;b")
    assert.notMatch(texts, /<|>/)
  })

  it("stays within Slack's limits for the longest text of escapes", () => {
    for (const text of ["&".repeat(20_000), "\u{1F525}".repeat(20_000), "x".repeat(100_000)]) {
      const message = slackMessage(notification({ text, by: text }))
      assert.isTrue(isSlackMessage(message))
      assert.isFalse(/[\ud800-\udbff](?![\udc00-\udfff])/.test(JSON.parse(JSON.stringify(message)).text))
    }
  })

  it("has the severity first, so that a phone shows that a person must act", () => {
    assert.match(slackMessage(notification({ severity: "action" })).text, /^Crossfade, action needed: /)
  })
})

describe("the Teams form", () => {
  it("is an adaptive card whose texts no renderer reads as links or emphasis", () => {
    const body = JSON.stringify(teamsMessage(notification({ text: hostile })))
    assert.isTrue(isTeamsMessage(body))
    assert.notInclude(body, 'TextBlock","text"')
    assert.include(body, JSON.stringify(hostile).slice(1, -1))
  })

  it("stays below 28 KB for the longest text", () => {
    const text = "\u{1F525}".repeat(20_000)
    assert.isTrue(isTeamsMessage(JSON.stringify(teamsMessage(notification({ text })))))
  })
})

describe("both forms for chats", () => {
  it("keep a name in its place: no line end, and no character that reorders the message", () => {
    const sent = notification({
      text: "a\n*Crossfade, action needed*",
      by: "a\u202eb",
      orgId: "c\r\nd" as never,
    })
    for (const message of [slackMessage(sent), teamsMessage(sent)]) {
      const text = JSON.stringify(message)
      assert.include(text, "a *Crossfade, action needed*")
      assert.include(text, "a\ufffdb")
      assert.notInclude(text, "\u202e")
      assert.notMatch(text, /[^*]\\n[^*]|\\r/)
    }
  })
})

describe("the signature", () => {
  const body = JSON.stringify(notification())
  const headersAt = (now: number, key = testKey) => Signature.headersOf("id-1", now, body, key)

  it("is the one that the library of Standard Webhooks verifies", () => {
    assert.deepStrictEqual<Notification>(
      verified({ headers: headersAt(Date.now()), body, path: "" }),
      notification(),
    )
  })

  it("is refused for another body, another key, another id and an old time", () => {
    const headers = headersAt(Date.now())
    const refused = [
      { headers, body: body.replace("info", "action") },
      { headers: { ...headers, "webhook-id": "id-2" }, body },
      { headers: headersAt(Date.now() - 600_000), body },
      { headers: headersAt(Date.now(), `whsec_${Buffer.alloc(32).toString("base64")}`), body },
    ]
    for (const received of refused) assert.throws(() => verified({ ...received, path: "" }))
  })
})
