/** Sign-in to the console by an identity provider: oidc-provider, as a public and as a confidential client. */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { present } from "../clients/present.ts"
import { chromium } from "../support/browser.ts"
import { tokenFor } from "../support/chatClient.ts"
import { type ConsolePage, expectClean, useBrowser } from "../support/consolePage.ts"
import { freePort } from "../support/freePort.ts"
import { audience, clientSecret, type RunningProvider, startProvider } from "../support/oidcProvider.ts"
import { type Running, startGateway, temporaryFolder } from "../support/processes.ts"

const folders = [temporaryFolder(), temporaryFolder(), temporaryFolder()]
let provider: RunningProvider
/** With a public client, a client with a secret, and a provider that does not run yet. */
let gateway: Running
let confidential: Running
let early: Running
let earlyIssuer: string

const signIn = "Sign in with your organisation"

beforeAll(async () => {
  const [one, two, three, later] = [await freePort(), await freePort(), await freePort(), await freePort()]
  provider = await startProvider([one, two].map((port) => `http://127.0.0.1:${port}/`))
  earlyIssuer = `http://127.0.0.1:${later}`
  const start = (index: number, port: number, env: Readonly<Record<string, string>>) =>
    startGateway({
      DATA_DIR: folders[index]?.path ?? "",
      PORT: String(port),
      CONSOLE_OIDC_ISSUER: provider.issuer,
      AUTH_JWKS_URL: `${provider.issuer}/jwks`,
      AUTH_AUDIENCE: audience,
      ...env,
    })
  const resource = `resource=${encodeURIComponent(audience)}`
  gateway = await start(0, one, { CONSOLE_OIDC_CLIENT_ID: "console", CONSOLE_OIDC_PARAMETERS: resource })
  confidential = await start(1, two, {
    CONSOLE_OIDC_CLIENT_ID: "console-with-secret",
    CONSOLE_OIDC_CLIENT_SECRET: clientSecret,
    CONSOLE_OIDC_TOKEN: "id_token",
    AUTH_AUDIENCE: "console-with-secret",
  })
  early = await start(2, three, {
    CONSOLE_OIDC_CLIENT_ID: "console",
    CONSOLE_OIDC_ISSUER: earlyIssuer,
    AUTH_AUDIENCE: "",
  })
})
afterAll(async () => {
  for (const running of [gateway, confidential, early]) await running?.stop("SIGKILL")
  await provider?.stop()
  for (const folder of folders) folder.dispose()
})

describe.skipIf(!present(chromium, "scripts/setup-tests"))(
  "sign-in to the console",
  { timeout: 120_000 },
  () => {
    const browser = useBrowser()
    const open = (url: string, hash = ""): Promise<ConsolePage> =>
      browser.open({ url, hash, allowed: [provider.issuer] })

    it("goes to the provider, comes back to the same view, and signs out of both", async () => {
      const tab = await open(gateway.url, "#/runs")
      const { page } = tab
      await page.getByRole("button", { name: signIn }).click()
      await page.getByRole("button", { name: "Sign in as ana" }).click()
      await page.getByText("ana of acme").waitFor()
      expect(page.url()).toBe(`${gateway.url}/#/runs`)
      expect(await page.evaluate("Object.keys(sessionStorage)")).toEqual(
        expect.not.arrayContaining(["signInPending"]),
      )
      await page.reload()
      await page.getByText("ana of acme").waitFor()
      await page.getByRole("button", { name: "Sign out" }).click()
      await page.getByRole("button", { name: "Yes, sign out" }).click()
      await page.getByRole("button", { name: signIn }).waitFor()
      expect(await page.evaluate("sessionStorage.length")).toBe(0)
      expectClean(tab)
      await tab.close()
    })

    it("asks the provider again after the token's end, which answers while its session lives", async () => {
      const tab = await open(gateway.url)
      const { page } = tab
      await page.clock.install()
      await page.getByRole("button", { name: signIn }).click()
      await page.getByRole("button", { name: "Sign in as ana" }).click()
      await page.getByText("ana of acme").waitFor()
      const before = provider.signIns()
      const expired = {
        success: false,
        error: { code: "AUTH_TOKEN_EXPIRED", message: "The token has expired." },
      }
      await page.route("**/api/v1/me", (route) => route.fulfill({ status: 401, json: expired }))
      await page.clock.fastForward("01:05:00")
      await page.getByText("Your access has expired. Sign in again.").waitFor()
      await page.unroute("**/api/v1/me")
      await page.getByRole("button", { name: signIn }).click()
      await page.getByText("ana of acme").waitFor()
      expect(provider.signIns()).toBe(before)
      // The browser logs the answer 401.
      expect(tab.foreign).toEqual([])
      await tab.close()
    })

    it("uses a client secret and the ID token where they are configured", async () => {
      const tab = await open(confidential.url)
      await tab.page.getByRole("button", { name: signIn }).click()
      await tab.page.getByRole("button", { name: "Sign in as ana" }).click()
      await tab.page.getByText("ana of acme").waitFor()
      expectClean(tab)
      await tab.close()
    })

    it("says that the provider gave no access", async () => {
      const tab = await open(gateway.url)
      await tab.page.getByRole("button", { name: signIn }).click()
      await tab.page.getByRole("button", { name: "Deny" }).click()
      await tab.page.getByRole("alert").getByText("access_denied").waitFor()
      await tab.page.getByRole("button", { name: signIn }).waitFor()
      expectClean(tab)
      await tab.close()
    })

    it("names the claim of a token that the gateway refuses", async () => {
      provider.behaviour.audience = "https://other.example/api"
      const tab = await open(gateway.url)
      await tab.page.getByRole("button", { name: signIn }).click()
      await tab.page.getByRole("button", { name: "Sign in as ana" }).click()
      await tab.page
        .getByRole("alert")
        .getByText(/The gateway refused the token: .*aud/)
        .waitFor()
      provider.behaviour.audience = audience
      expect(tab.foreign).toEqual([])
      await tab.close()
    })

    it("takes no code that the tab did not ask for, and leaves an access alone", async () => {
      const stranger = await open(gateway.url, "?code=stolen&state=other")
      await stranger.page.getByRole("alert").getByText("this tab did not begin it").waitFor()
      expect(stranger.page.url()).toBe(`${gateway.url}/`)
      expectClean(stranger)
      await stranger.close()
      const token = await tokenFor("acme", "eve")
      const plain = await browser.open({ url: early.url, token, hash: "?error=access_denied&state=x" })
      await plain.page.getByText("eve of acme").waitFor()
      expect(plain.page.url()).toBe(`${early.url}/`)
      expect(await plain.page.getByRole("alert").count()).toBe(0)
      expectClean(plain)
      await plain.close()
    })

    it("says that the provider does not answer, and signs in when it does", async () => {
      const tab = await browser.open({ url: early.url, allowed: [earlyIssuer] })
      await tab.page.getByText("The identity provider does not answer now.").waitFor()
      await tab.page.getByLabel("Token or API key").waitFor()
      const late = await startProvider([`${early.url}/`], Number(new URL(earlyIssuer).port))
      await expect
        .poll(
          async () => {
            const again = tab.page.getByRole("button", { name: "Try again" })
            if (await again.isVisible()) await again.click()
            return tab.page.getByRole("button", { name: signIn }).isVisible()
          },
          { timeout: 20_000 },
        )
        .toBe(true)
      expectClean(tab)
      await tab.close()
      await late.stop()
    })
  },
)

describe("the exchange of a code", () => {
  const exchange = async (body: Readonly<Record<string, string>>, { url } = gateway) => {
    const response = await fetch(`${url}/api/v1/console/sign-in`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    })
    return { status: response.status, error: ((await response.json()) as { readonly error: unknown }).error }
  }
  const code = { code: "unknown", verifier: "v".repeat(43), redirectUri: "http://127.0.0.1/", nonce: "n" }

  it("names the provider's code for a refusal", async () => {
    expect(await exchange(code)).toEqual({
      status: 422,
      error: {
        code: "SIGN_IN_REFUSED",
        message: "The identity provider refused the sign-in: invalid_grant. Sign in again.",
      },
    })
  })

  it("names a client that the provider does not know, and logs it once", async () => {
    const folder = temporaryFolder()
    const unknown = await startGateway({
      DATA_DIR: folder.path,
      CONSOLE_OIDC_ISSUER: provider.issuer,
      AUTH_JWKS_URL: `${provider.issuer}/jwks`,
      CONSOLE_OIDC_CLIENT_ID: "misspelt",
      LOG_FORMAT: "json",
    })
    const message =
      "The identity provider refused the sign-in: invalid_client. An operator must correct the settings of the console."
    for (let n = 0; n < 3; n++)
      expect(await exchange(code, unknown)).toMatchObject({ status: 422, error: { message } })
    await unknown.stop()
    folder.dispose()
    expect(unknown.output().split("refuses the configured client: invalid_client")).toHaveLength(2)
  })

  it("names the fields of a bad request", async () => {
    const { error, status } = await exchange({ ...code, verifier: "short" })
    expect(status).toBe(400)
    expect(error).toMatchObject({ details: [{ path: "payload.verifier" }] })
  })
})
