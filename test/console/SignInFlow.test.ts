/** The rules of sign-in by an identity provider, in the page. */
import { describe, expect, it } from "vitest"
import { authorizationRequest, type Pending, pendingOf, returnOf } from "../../src/console/signin/Flow.ts"

const pending: Pending = {
  issuer: "https://id.example",
  state: "s1",
  nonce: "n1",
  verifier: "v1",
  redirectUri: "https://chat.example/",
  hash: "#/runs",
}

describe("a sign-in by the identity provider", () => {
  it("sends the challenge, never the verifier", () => {
    const request = authorizationRequest("https://id.example/authorize?client_id=c", pending, "challenge")
    expect(Object.fromEntries(new URL(request).searchParams)).toEqual({
      client_id: "c",
      redirect_uri: "https://chat.example/",
      state: "s1",
      nonce: "n1",
      code_challenge: "challenge",
      code_challenge_method: "S256",
    })
  })

  it("takes a code only with the state and the issuer of the request", () => {
    expect(returnOf("?code=c&state=s1", pending)).toEqual({ code: "c", pending })
    expect(returnOf("?code=c&state=s1&iss=https%3A%2F%2Fid.example", pending)).toEqual({ code: "c", pending })
    const unexpected = { problem: "unexpected" }
    expect(returnOf("?code=c&state=s2", pending)).toEqual(unexpected)
    expect(returnOf("?code=c", pending)).toEqual(unexpected)
    expect(returnOf("?code=c&state=s1&iss=https%3A%2F%2Fevil.example", pending)).toEqual(unexpected)
    expect(returnOf("?code=c&state=s1", undefined)).toEqual(unexpected)
    expect(returnOf("?code=&state=s1", pending)).toEqual(unexpected)
  })

  it("shows codes of errors, and no other text of the address", () => {
    expect(returnOf("?error=access_denied&state=s1", pending)).toEqual({ problem: "access_denied" })
    expect(returnOf("?error=Call+0800+now&state=s1", pending)).toEqual({ problem: "error" })
    expect(returnOf("?error=access_denied&state=s2", pending)).toEqual({ problem: "unexpected" })
  })

  it("leaves other addresses alone", () => {
    for (const search of ["", "?q=1", "?state=s1"]) expect(returnOf(search, pending)).toBeUndefined()
  })

  it("reads only a complete request from the storage of the tab", () => {
    expect(pendingOf(JSON.stringify(pending))).toEqual(pending)
    for (const stored of [null, "", "{", "{}", JSON.stringify({ ...pending, verifier: 1 })])
      expect(pendingOf(stored)).toBeUndefined()
  })
})
