/** The request of an operation as a `curl` command, for viewers that show `x-codeSamples`. Pure. */
import type { Json, JsonObject } from "./Schemas.ts"

interface Request {
  readonly method: string
  readonly path: string
  readonly isPublic: boolean
  readonly isStream: boolean
  readonly body: Json | undefined
}

/** In single quotes of a POSIX shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** `parameters`: the examples of the path's parameters. */
export const curlOf = (
  { body, isPublic, isStream, method, path }: Request,
  parameters: Readonly<Record<string, string>>,
): ReadonlyArray<JsonObject> => {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => parameters[name] ?? name)
  const verb =
    method === "get" || (method === "post" && body !== undefined) ? "" : `-X ${method.toUpperCase()} `
  // `-N` shows each event as it arrives.
  const command = `curl ${isStream ? "-N " : ""}${verb}"$CROSSFADE_URL${filled}"`
  const parts = [
    command,
    ...(isPublic ? [] : ['-H "Authorization: Bearer $CROSSFADE_TOKEN"']),
    ...(body === undefined
      ? []
      : ["-H 'Content-Type: application/json'", `-d ${quoted(JSON.stringify(body))}`]),
  ]
  return [{ lang: "shell", label: "curl", source: parts.join(" \\\n  ") }]
}
