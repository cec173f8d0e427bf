/** The examples of the console's settings and sign-in. */
import type { ExamplesByOperation } from "./ExamplesByOperation.ts"

export const consoleExamples: ExamplesByOperation = {
  consoleSettings: {
    response: {
      example: {
        value: {
          success: true,
          data: {
            version: "0.1.0",
            defaultAgentId: "00000000-0000-4000-8000-000000000001",
            traceUrl: "https://tempo.example/trace/{traceId}",
            signIn: {
              issuer: "https://id.example/",
              authorizationUrl:
                "https://id.example/authorize?response_type=code&client_id=crossfade-console&scope=openid",
              signOutUrl: "https://id.example/logout?client_id=crossfade-console",
            },
            clocks: {
              firstContentMs: 15000,
              stallMs: 60000,
              directStallMs: 30000,
              callMs: 120000,
              totalMs: 300000,
            },
          },
        },
      },
    },
  },
  consoleSignIn: {
    request: {
      example: {
        value: {
          code: "SplxlOBeZQQYbYS6WxSbIA",
          verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
          redirectUri: "https://chat.example/",
          nonce: "n-0S6_WzA2Mj",
        },
      },
    },
    response: {
      example: { value: { success: true, data: { token: "eyJhbGciOiJSUzI1NiJ9.example.signature" } } },
    },
  },
}
