/** The variables of agents' secrets, and of the addresses that agents may name: part of the table in `Config`. */
import { isSecret, previousSecrets } from "./ConfigAuth.ts"
import { list, optionalText, type Variable } from "./ConfigVariable.ts"
import * as AllowedHost from "../domain/AllowedHost.ts"
import { isWeakSecret } from "../domain/WeakSecret.ts"

const allowedHosts: Variable<ReadonlyArray<string>> = {
  default: "",
  allowed: `empty, or ${AllowedHost.allowed}`,
  about:
    "Hosts of MCP servers that agents may name although they are private. Public hosts are always allowed, private ones only from here.",
  parse: (text) => (AllowedHost.parse(list(text)) === undefined ? undefined : list(text)),
}

export const secretVariables = {
  DATA_KEY: {
    ...optionalText(
      "Secret that encrypts credentials of MCP servers in the database. Empty: one is made and kept in DATA_DIR; in production with DATABASE_URL none is, and agents with credentials are refused.",
      "empty, or at least 32 bytes, such as from `openssl rand -base64 32`",
    ),
    secret: true,
    parse: (text: string) => (text === "" || isSecret(text) ? text : undefined),
  },
  DATA_KEYS_PREVIOUS: previousSecrets(
    "Keys that were DATA_KEY before: they still decrypt. `crossfade secrets rotate` makes them needless.",
  ),
  MCP_ALLOWED_HOSTS: allowedHosts,
}

/** A key that can be guessed protects nothing. Checked in production only, as for signing secrets. */
export const secretProblems = ({
  DATA_KEY,
  NODE_ENV,
}: {
  readonly DATA_KEY: string | undefined
  readonly NODE_ENV: string
}) =>
  NODE_ENV === "production" && DATA_KEY !== undefined && DATA_KEY !== "" && isWeakSecret(DATA_KEY)
    ? [
        {
          variable: "DATA_KEY",
          found: "a secret that can be guessed",
          allowed: "at least 32 random bytes, such as from `openssl rand -base64 32` (NODE_ENV=production)",
        },
      ]
    : []
