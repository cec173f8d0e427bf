import { assert, describe, it } from "@effect/vitest"
import { isOriginPattern, matchesOrigin } from "../../src/domain/Origin.ts"

describe("a pattern of origins", () => {
  it.each([
    "https://chat.example",
    "http://localhost:5173",
    "http://127.0.0.1:3000",
    "http://[::1]:3000",
    "tauri://localhost",
    "capacitor://localhost",
    "ionic://localhost",
    "app://.",
    "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
    "moz-extension://01890000-0000-4000-8000-000000000001",
    "https://*.chat.example",
    "https://*.chat.example:8443",
    "http://*.localhost:3000",
  ])("is %s", (pattern) => assert.isTrue(isOriginPattern(pattern)))

  it.each([
    "",
    "*",
    "null",
    "chat.example",
    "https://u:p@chat.example",
    "https://chat.example/",
    "https://chat.example?x",
    "https://chat.example:443",
    "file://host",
    "https://*",
    "https://*.com",
    "https://*.*.chat.example",
    "https://a*.chat.example",
    "https://chat.*",
    "chrome-extension://*",
    "*://chat.example",
    "javascript:alert(1)",
  ])("is not %j", (pattern) => assert.isFalse(isOriginPattern(pattern)))
})

describe("an origin matches", () => {
  it("the pattern that is equal to it, and no other", () => {
    assert.isTrue(matchesOrigin("tauri://localhost", "tauri://localhost"))
    for (const origin of ["https://localhost", "tauri://localhost:1", "null", "", "tauri://localhost.evil"])
      assert.isFalse(matchesOrigin("tauri://localhost", origin), origin)
  })

  it("a wildcard that stands for one or more of its labels", () => {
    const pattern = "https://*.chat.example"
    for (const origin of ["https://a.chat.example", "https://pr-7.preview.chat.example"])
      assert.isTrue(matchesOrigin(pattern, origin), origin)
    for (const origin of [
      "https://chat.example",
      "https://.chat.example",
      "https://evilchat.example",
      "https://a.chat.example.evil",
      "https://a.chat.example:8443",
      "http://a.chat.example",
      "https://evil/.chat.example",
      "https://evil@a.chat.example",
      "https://a.chat.examplehttps://a.chat.example",
      "null",
    ])
      assert.isFalse(matchesOrigin(pattern, origin), origin)
    assert.isTrue(matchesOrigin("http://*.localhost:3000", "http://a.localhost:3000"))
  })
})
