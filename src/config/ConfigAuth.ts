/** The variables of authentication: keys, and the claims of tokens. Part of the table in `Config`. */
import * as Redacted from "effect/Redacted"
import { defaults, type RequiredClaim, type RoleGrant } from "../domain/TokenRules.ts"
import { isTrustworthy } from "../domain/WebAddress.ts"
import { isWeakSecret } from "../domain/WeakSecret.ts"
import { choice, list, optionalText, type ValuesOf, type Variable } from "./ConfigVariable.ts"

/** RFC 7518: a key for HS256 must not be shorter than its hash. A public key, in any form, is not a secret. */
export const isSecret = (text: string): boolean =>
  Buffer.byteLength(text) >= 32 && !/^(-----BEGIN|ssh-|\{)/.test(text)

const signingSecret = (about: string) => ({
  ...optionalText(about, "empty, or at least 32 bytes and no public key"),
  secret: true,
  parse: (text: string) => (text === "" || isSecret(text) ? text : undefined),
})

export const previousSecrets = (about: string): Variable<ReadonlyArray<Redacted.Redacted<string>>> => ({
  default: "",
  allowed: "empty, or at most 10 secrets of at least 32 bytes separated by commas",
  about,
  secret: true,
  parse: (text) =>
    list(text).length <= 10 && list(text).every(isSecret)
      ? list(text).map((one) => Redacted.make(one))
      : undefined,
})

const signedBefore = (variable: string): string =>
  `Earlier values of ${variable}. Their tokens stay valid until they expire.`

const jwksUrl: Variable<string> = {
  ...optionalText(
    "Address of the identity provider's public keys (jwks_uri). Empty: only AUTH_JWT_SECRET signs tokens.",
    "empty, or an https:// URL without credentials and fragment; http:// for this machine only",
  ),
  parse: (text) => {
    if (text === "") return ""
    const url = URL.canParse(text) ? new URL(text) : undefined
    if (url === undefined || url.hash + url.username + url.password !== "") return undefined
    return isTrustworthy(url) ? text : undefined
  },
}

const names = (about: string, fallback: ReadonlyArray<string>): Variable<ReadonlyArray<string>> => ({
  default: fallback.join(","),
  allowed: `${fallback.length === 0 ? "empty, or " : ""}at most 10 texts of at most 500 characters separated by commas`,
  about,
  parse: (text) => {
    const found = list(text)
    const isFine = found.length <= 10 && found.every((one) => one.length <= 500)
    return isFine && (found.length > 0 || fallback.length === 0) ? found : undefined
  },
})

const requiredClaims: Variable<ReadonlyArray<RequiredClaim>> = {
  default: "",
  allowed: "empty, or at most 10 of claim=value separated by commas, such as token_use=access",
  about: "Claims that each token must have with these values, for example to accept access tokens only.",
  parse: (text) => {
    const found = list(text).map((one) => /^([^=\s]+)=(.+)$/.exec(one))
    const read = found.flatMap((match) => (match === null ? [] : [{ claim: match[1]!, value: match[2]! }]))
    return read.length === found.length && read.length <= 10 ? read : undefined
  },
}

const isPermission = (text: string): boolean => /^(\*|[\w.-]+(:[\w.-]+)*(:\*)?)$/.test(text)

const grantOf = (text: string): RoleGrant | undefined => {
  const [, role = "", given = ""] = /^([^=]+)=(.+)$/.exec(text) ?? []
  const permissions = list(given)
  return permissions.length > 0 && permissions.every(isPermission)
    ? { role: role.trim(), permissions }
    : undefined
}

const roles: Variable<ReadonlyArray<RoleGrant>> = {
  default: "",
  allowed:
    "empty, or at most 100 of role=permission,permission separated by semicolons, each role once, such as member=chat:*,sessions:write;editor=agents:*",
  about:
    "Permissions that a role grants, in addition to AUTH_CLAIM_PERMISSIONS. operator:* counts in operators' tokens only.",
  parse: (text) => {
    const parts = text.split(";").filter((part) => part.trim() !== "")
    const read = parts.flatMap((part) => grantOf(part.trim()) ?? [])
    const unique = new Set(read.map(({ role }) => role))
    return read.length === parts.length && unique.size === read.length && read.length <= 100
      ? read
      : undefined
  },
}

const paths = "Write nested claims with dots. The first one that a token has counts."

export const authVariables = {
  AUTH_JWT_SECRET: signingSecret(
    "HS256 secret that signs callers' tokens and read tickets. Empty outside production: the service generates one and stores it in DATA_DIR.",
  ),
  AUTH_JWT_PREVIOUS_SECRETS: previousSecrets(signedBefore("AUTH_JWT_SECRET")),
  AUTH_OPERATOR_SECRET: signingSecret(
    "HS256 secret that signs operators' tokens, which may have operator:read, operator:write or operator:*. Empty: none.",
  ),
  AUTH_OPERATOR_PREVIOUS_SECRETS: previousSecrets(signedBefore("AUTH_OPERATOR_SECRET")),
  AUTH_JWKS_URL: jwksUrl,
  AUTH_ISSUER: names("Accepted values of the claim iss, exactly as in the tokens. Empty: not checked.", []),
  AUTH_OPERATOR_ISSUERS: names(
    "Further accepted values of the claim iss, whose tokens may have operators' permissions. Their keys are at AUTH_JWKS_URL.",
    [],
  ),
  AUTH_AUDIENCE: names("Accepted values of the claim AUTH_CLAIM_AUDIENCE. Empty: not checked.", []),
  AUTH_TYP: optionalText(
    "Header typ that tokens must have. Empty: JWT, at+jwt or none.",
    "empty, or a type such as at+jwt",
  ),
  AUTH_REQUIRE_EXP: choice(
    "Refuses a token without the claim exp, which would never expire. production: only with NODE_ENV=production.",
    ["production", "true", "false"],
  ),
  AUTH_REQUIRED_CLAIMS: requiredClaims,
  AUTH_CLAIM_ORG: names(`Claim with the organisation's id. ${paths}`, defaults.org),
  AUTH_CLAIM_USER: names(`Claim with the user's id. ${paths}`, defaults.user),
  AUTH_CLAIM_PERMISSIONS: names(
    `Claim with permissions, a list or words separated by spaces. ${paths}`,
    defaults.permissions,
  ),
  AUTH_CLAIM_ROLES: names("Claims with roles, for AUTH_ROLES. All of them count.", defaults.roles),
  AUTH_CLAIM_AUDIENCE: {
    ...optionalText("Claim to compare with AUTH_AUDIENCE, such as client_id or azp.", "a claim"),
    default: defaults.audienceClaim,
  },
  AUTH_ROLES: roles,
}

type Found = Partial<ValuesOf<typeof authVariables>> & { readonly NODE_ENV: string }

type SecretVariable = Extract<keyof Found, `${string}SECRET${string}`>

const secretsIn = (found: Found, variables: ReadonlyArray<SecretVariable>) =>
  variables.flatMap((variable) => {
    const value = found[variable] ?? []
    const secrets = typeof value === "string" ? [value] : value.map((one) => Redacted.value(one))
    return secrets.filter((secret) => secret !== "").map((secret) => ({ variable, secret }))
  })

const callers = ["AUTH_JWT_SECRET", "AUTH_JWT_PREVIOUS_SECRETS"] as const
const operators = ["AUTH_OPERATOR_SECRET", "AUTH_OPERATOR_PREVIOUS_SECRETS"] as const

/** Problems in production only: a missing secret, or one that can be guessed. */
const weaknesses = (found: Found) => {
  if (found.NODE_ENV !== "production") return []
  const allowed = "at least 32 bytes (NODE_ENV=production)"
  const random = "at least 32 random bytes, such as from `openssl rand -hex 32` (NODE_ENV=production)"
  const missing =
    found.AUTH_JWT_SECRET === "" ? [{ variable: "AUTH_JWT_SECRET", found: "nothing", allowed }] : []
  const weak = secretsIn(found, [...callers, ...operators])
    .filter(({ secret }) => isWeakSecret(secret))
    .map(({ variable }) => ({ variable, found: "a secret that can be guessed", allowed: random }))
  return [...missing, ...weak]
}

/** A secret shared with callers would make each of them an operator, and an issuer without keys signs nothing. */
const operatorProblems = (found: Found) => {
  const shared = new Set(secretsIn(found, callers).map(({ secret }) => secret))
  const reused = secretsIn(found, operators)
    .filter(({ secret }) => shared.has(secret))
    .map(({ variable }) => ({
      variable,
      found: "a secret of AUTH_JWT_SECRET or AUTH_JWT_PREVIOUS_SECRETS",
      allowed: "a secret that signs tokens of operators only",
    }))
  const { AUTH_JWKS_URL: keys, AUTH_OPERATOR_ISSUERS: issuers = [] } = found
  const keyless = {
    variable: "AUTH_OPERATOR_ISSUERS",
    found: "an issuer, and no AUTH_JWKS_URL",
    allowed: "empty, or issuers whose keys are at AUTH_JWKS_URL",
  }
  return issuers.length > 0 && keys === "" ? [...reused, keyless] : reused
}

export const authProblems = (found: Found) => [...weaknesses(found), ...operatorProblems(found)]
