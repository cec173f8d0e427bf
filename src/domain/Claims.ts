/** Maps the claims of a verified token to its principal, by the rules of the environment. Pure. */
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { TokenOrgId, TokenUserId } from "./Ids.ts"
import { grantable } from "./Operators.ts"
import type { Principal } from "./Principal.ts"
import type { ClaimPath, TokenRules } from "./TokenRules.ts"

export type Claims = Readonly<Record<string, unknown>>

/** The key that verified a token: a secret for operators, the service's own secret, or a key of the identity provider. */
export type Signer = "operators" | "service" | "provider"

/**
 * The claim at `path`: first the whole path as one name (`https://example.com/org`), then as names separated by dots,
 * the longest first, so that a name within the path may contain dots (`resource_access.my.app.roles`). Undefined if
 * it is missing or null.
 */
export const claimAt = (claims: unknown, path: ClaimPath): unknown => {
  if (!Predicate.isReadonlyObject(claims)) return undefined
  const own = (name: string): unknown => (Object.hasOwn(claims, name) ? claims[name] : undefined)
  const whole = own(path) ?? undefined
  if (whole !== undefined) return whole
  for (let dot = path.lastIndexOf("."); dot > 0; dot = path.lastIndexOf(".", dot - 1)) {
    const found = claimAt(own(path.slice(0, dot)), path.slice(dot + 1))
    if (found !== undefined) return found
  }
  return undefined
}

const firstOf = (claims: Claims, paths: ReadonlyArray<ClaimPath>): unknown => {
  for (const path of paths) {
    const found = claimAt(claims, path)
    if (found !== undefined) return found
  }
  return undefined
}

/** A list of words, or one text with spaces between them (RFC 8693, `scope`). Undefined for other values. */
const wordsOf = (claim: unknown): ReadonlyArray<string> | undefined => {
  if (typeof claim === "string") return claim.split(" ").filter((word) => word !== "")
  return Array.isArray(claim) && claim.every(Predicate.isString) ? claim : undefined
}

/** A role is one whole text, because its name may contain spaces. */
const rolesOf = (claim: unknown): ReadonlyArray<string> =>
  typeof claim === "string" ? [claim] : Array.isArray(claim) ? claim.filter(Predicate.isString) : []

/** Keycloak lists a user's organisations; a list of one identifies the organisation. */
const onlyOne = (claim: unknown): unknown => (Array.isArray(claim) && claim.length === 1 ? claim[0] : claim)

const orgOf = Schema.decodeUnknownOption(TokenOrgId)
const userOf = Schema.decodeUnknownOption(TokenUserId)

const granted = (rules: TokenRules, claims: Claims): ReadonlyArray<string> => {
  if (rules.grants.length === 0) return []
  const roles = rules.roles.flatMap((path) => rolesOf(claimAt(claims, path)))
  return rules.grants.flatMap(({ permissions, role }) => (roles.includes(role) ? permissions : []))
}

const holds = (claims: Claims, path: ClaimPath, allowed: ReadonlyArray<string>): boolean => {
  const claim = claimAt(claims, path)
  return Array.isArray(claim)
    ? claim.some((one) => allowed.includes(one))
    : typeof claim === "string" && allowed.includes(claim)
}

/** The required value may also be a number or a boolean: `email_verified=true`. */
const hasValue = (claims: Claims, path: ClaimPath, value: string): boolean => {
  const claim = claimAt(claims, path)
  const isScalar = typeof claim === "string" || typeof claim === "number" || typeof claim === "boolean"
  return isScalar && String(claim) === value
}

const isFrom = (issuers: ReadonlyArray<string>, claims: Claims): boolean =>
  typeof claims["iss"] === "string" && issuers.includes(claims["iss"])

/**
 * The claim `iss` counts only with a key of the identity provider, because the service's own secret signs for any
 * issuer.
 */
const isOperatorSource = (rules: TokenRules, claims: Claims, signer: Signer): boolean =>
  signer === "operators" || (signer === "provider" && isFrom(rules.operatorIssuers, claims))

/** The reason why a token is not for this service; undefined if it is. Names claims, never values. */
export const faultOf = (rules: TokenRules, claims: Claims): string | undefined => {
  if (rules.issuers.length > 0 && !isFrom(rules.issuers, claims) && !isFrom(rules.operatorIssuers, claims))
    return "The claim iss of the token is not an accepted issuer."
  if (rules.audiences.length > 0 && !holds(claims, rules.audienceClaim, rules.audiences))
    return `The claim ${rules.audienceClaim} of the token is not an accepted audience.`
  if (rules.requireExpiry && claims["exp"] === undefined) return "The token must have the claim exp."
  const lacking = rules.required.find(({ claim, value }) => !hasValue(claims, claim, value))
  return lacking && `The claim ${lacking.claim} of the token does not have the required value.`
}

/** The principal with the permissions that its source may grant, or the fault of the claims. */
export const principalOf = (
  rules: TokenRules,
  claims: Claims,
  signer: Signer = "service",
): Principal | string => {
  const orgId = orgOf(onlyOne(firstOf(claims, rules.org)))
  const userId = userOf(firstOf(claims, rules.user))
  if (Option.isNone(orgId) || Option.isNone(userId))
    return `The token must have the claims ${rules.user.join(" or ")} and ${rules.org.join(" or ")}, as texts of 1 to 128 characters without control characters.`
  const claimed = wordsOf(firstOf(claims, rules.permissions) ?? [])
  if (claimed === undefined)
    return `The claim ${rules.permissions.join(" or ")} of the token must be a list of texts or a text.`
  return {
    orgId: orgId.value,
    userId: userId.value,
    permissions: grantable(
      [...new Set([...claimed, ...granted(rules, claims)])],
      isOperatorSource(rules, claims, signer),
    ),
  }
}

/** Claims from which `principalOf` reads the same principal, and in which `faultOf` finds no fault except `exp`. */
export const claimsOf = (rules: TokenRules, principal: Principal): Claims => ({
  ...Object.fromEntries(rules.required.map(({ claim, value }) => [claim, value])),
  ...(rules.issuers[0] === undefined ? {} : { iss: rules.issuers[0] }),
  ...(rules.audiences[0] === undefined ? {} : { [rules.audienceClaim]: rules.audiences[0] }),
  ...(rules.permissions[0] === undefined ? {} : { [rules.permissions[0]]: [...principal.permissions] }),
  ...(rules.user[0] === undefined ? {} : { [rules.user[0]]: principal.userId }),
  ...(rules.org[0] === undefined ? {} : { [rules.org[0]]: principal.orgId }),
})
