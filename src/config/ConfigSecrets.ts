/** The variables of agents' secrets, and of the addresses that agents may name: part of the table in `Config`. */
import { isSecret, previousSecrets } from "./ConfigAuth.ts"
import { list, optionalText, type Variable } from "./ConfigVariable.ts"
import * as AllowedHost from "../domain/AllowedHost.ts"
import { isWeakSecret } from "../domain/WeakSecret.ts"

const allowedHosts: Variable<ReadonlyArray<string>> = {
  default: "",
  allowed: `empty, or ${AllowedHost.allowed}`,
  about: "Private hosts of MCP servers that agents may name. Public hosts are always allowed.",
  parse: (text) => (AllowedHost.parse(list(text)) === undefined ? undefined : list(text)),
}

export const secretVariables = {
  DATA_KEY: {
    ...optionalText(
      "Secret that encrypts MCP servers' credentials in the database. Empty: the service generates one in DATA_DIR; in production with DATABASE_URL it does not, and refuses agents with credentials.",
      "empty, or at least 32 bytes, such as from `openssl rand -base64 32`",
    ),
    secret: true,
    parse: (text: string) => (text === "" || isSecret(text) ? text : undefined),
  },
  DATA_KEYS_PREVIOUS: previousSecrets(
    "Earlier values of DATA_KEY, which still decrypt. After `crossfade secrets rotate` they are not needed.",
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
