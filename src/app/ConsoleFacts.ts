/** Derives the settings of the console from the environment's settings. Pure. */
import type { Settings } from "../config/Config.ts"
import type { SignInSettings } from "../domain/SignInSettings.ts"
import type { Settings as ExecutionSettings } from "../execution/Course.ts"
import type { ConsoleFacts } from "../http/ConsoleHandlers.ts"
import { version } from "./Version.ts"

/** Undefined without an identity provider. */
const signIn = (settings: Settings): SignInSettings | undefined =>
  settings.CONSOLE_OIDC_ISSUER === ""
    ? undefined
    : {
        issuer: settings.CONSOLE_OIDC_ISSUER,
        clientId: settings.CONSOLE_OIDC_CLIENT_ID,
        clientSecret: settings.CONSOLE_OIDC_CLIENT_SECRET,
        scopes: settings.CONSOLE_OIDC_SCOPES,
        parameters: settings.CONSOLE_OIDC_PARAMETERS,
        token: settings.CONSOLE_OIDC_TOKEN,
      }

export const consoleFacts = (
  settings: Settings,
  { directStallMs, limits }: Pick<ExecutionSettings, "directStallMs" | "limits">,
): ConsoleFacts => ({
  version,
  traceUrl: settings.TRACE_URL,
  signIn: signIn(settings),
  clocks: {
    firstContentMs: limits.firstContentMs,
    stallMs: limits.stallMs,
    directStallMs: directStallMs ?? limits.stallMs,
    callMs: limits.callMs ?? limits.stallMs,
    totalMs: limits.totalMs,
  },
})
