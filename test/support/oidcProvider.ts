/**
 * A real identity provider, `oidc-provider`, on this machine. Its sign-in page has a button for the user and one that denies. It
 * grants all that a client asks for.
 */
import { exportJWK, generateKeyPair } from "jose"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { Provider } from "oidc-provider"
import { freePort } from "./freePort.ts"

export const audience = "https://chat.example/api"
export const clientSecret = "only-for-tests-client-4RtY7wQz9pLm"

/** Changes while the provider runs count for the next sign-in. */
export interface Behaviour {
  audience: string
  permissions: ReadonlyArray<string>
}

export interface RunningProvider {
  readonly issuer: string
  readonly behaviour: Behaviour
  /** Number of times that a user has pressed the button of the sign-in page. */
  readonly signIns: () => number
  readonly stop: () => Promise<void>
}

const clientsOf = (pages: ReadonlyArray<string>) => {
  const uris = { redirect_uris: pages, post_logout_redirect_uris: pages }
  const flow = { grant_types: ["authorization_code"], response_types: ["code"], ...uris }
  return [
    { client_id: "console", token_endpoint_auth_method: "none", ...flow },
    { client_id: "console-with-secret", client_secret: clientSecret, ...flow },
  ]
}

const signInPage = `<!doctype html><title>Provider</title><form method="post">
<button name="user" value="ana">Sign in as ana</button><button name="user" value="">Deny</button></form>`

const configurationOf = async (pages: ReadonlyArray<string>, behaviour: Behaviour) => {
  const { privateKey } = await generateKeyPair("RS256", { extractable: true })
  const key = { ...(await exportJWK(privateKey)), alg: "RS256", use: "sig", kid: "one" }
  return {
    clients: clientsOf(pages),
    jwks: { keys: [key] },
    cookies: { keys: ["only-for-tests-cookie"] },
    pkce: { required: () => true },
    conformIdTokenClaims: false,
    claims: { openid: ["sub", "org_id", "permissions"] },
    ttl: {
      AccessToken: 3600,
      IdToken: 3600,
      Grant: 3600,
      Interaction: 600,
      Session: 3600,
      AuthorizationCode: 60,
    },
    findAccount: (_: unknown, id: string) => ({
      accountId: id,
      claims: () => ({ sub: id, org_id: "acme", permissions: behaviour.permissions }),
    }),
    extraTokenClaims: () => ({ org_id: "acme", permissions: behaviour.permissions }),
    interactions: { url: (_: unknown, { uid }: { uid: string }) => `/sign-in/${uid}` },
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (context: { body: string }, form: string) => {
          context.body = `<!doctype html><title>Provider</title>${form}<button form="op.logoutForm" name="logout" value="yes">Yes, sign out</button>`
        },
      },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: "",
          audience: behaviour.audience,
          accessTokenFormat: "jwt",
          jwt: { sign: { alg: "RS256" } },
        }),
      },
    },
    loadExistingGrant: async (context: {
      oidc: {
        provider: Provider
        client: { clientId: string }
        session: { accountId: string }
        params: { scope: string }
      }
    }) => {
      const { client, params, provider, session } = context.oidc
      const grant = new provider.Grant({ accountId: session.accountId, clientId: client.clientId })
      grant.addOIDCScope(params.scope)
      grant.addResourceScope(audience, "")
      await grant.save()
      return grant
    },
  }
}

const bodyOf = async (request: IncomingMessage): Promise<URLSearchParams> => {
  const chunks: Array<Buffer> = []
  for await (const chunk of request) chunks.push(chunk)
  return new URLSearchParams(Buffer.concat(chunks).toString())
}

/** `pages`: the addresses of the consoles that may use it. */
export const startProvider = async (
  pages: ReadonlyArray<string>,
  port?: number,
): Promise<RunningProvider> => {
  const listening = port ?? (await freePort())
  const issuer = `http://127.0.0.1:${listening}`
  const behaviour: Behaviour = { audience, permissions: ["chat:*", "sessions:write"] }
  const provider = new Provider(issuer, await configurationOf(pages, behaviour))
  let signIns = 0
  const interact = async (request: IncomingMessage, response: ServerResponse) => {
    if (request.method !== "POST") {
      response.setHeader("content-type", "text/html")
      return void response.end(signInPage)
    }
    const user = (await bodyOf(request)).get("user") ?? ""
    signIns += 1
    const result = user === "" ? { error: "access_denied" } : { login: { accountId: user } }
    await provider.interactionFinished(request, response, result)
  }
  const answer = provider.callback()
  const server = createServer((request, response) => {
    if (request.url === "/favicon.ico") response.writeHead(204).end()
    else if (request.url?.startsWith("/sign-in/")) void interact(request, response)
    else answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(listening, "127.0.0.1", resolve))
  return {
    issuer,
    behaviour,
    signIns: () => signIns,
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
