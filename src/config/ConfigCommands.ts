/** The variables of commands that call a service. The service itself ignores them. Pure. */
import * as Redacted from "effect/Redacted"

export const commandVariables = ["CROSSFADE_URL", "CROSSFADE_TOKEN", "XDG_CONFIG_HOME"] as const

export interface CommandSettings {
  readonly url: string | undefined
  readonly token: Redacted.Redacted<string> | undefined
  /** The folder of the user's settings. */
  readonly configFolder: string | undefined
}

const given = (value: string | undefined): string | undefined => (value === "" ? undefined : value)

export const read = (env: Readonly<Record<string, string | undefined>>): CommandSettings => {
  const token = given(env["CROSSFADE_TOKEN"])
  const folder = env["XDG_CONFIG_HOME"]
  return {
    url: given(env["CROSSFADE_URL"]),
    token: token === undefined ? undefined : Redacted.make(token),
    // XDG Base Directory: an empty or relative value counts as not set.
    configFolder: folder?.startsWith("/") === true ? folder : undefined,
  }
}
