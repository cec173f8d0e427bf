/** Rules for bearer tokens: the required claims, and the claims of the principal's ids and permissions. */

/** A claim's name, or a path of names separated by dots. */
export type ClaimPath = string

export interface TokenRules {
  /** Accepted values of `iss`; empty: not checked. */
  readonly issuers: ReadonlyArray<string>
  /**
   * Accepted in addition to `issuers`. Their tokens, signed with a key of the identity provider, may have operators'
   * permissions.
   */
  readonly operatorIssuers: ReadonlyArray<string>
  /** Accepted values of `audienceClaim`; empty: not checked. */
  readonly audiences: ReadonlyArray<string>
  readonly audienceClaim: ClaimPath
  /** The header `typ` that each token must have; empty: `JWT`, `at+jwt` or none. */
  readonly type: string
  readonly requireExpiry: boolean
  readonly required: ReadonlyArray<RequiredClaim>
  /** The first path that a token has counts; the same applies to `user` and `permissions`. */
  readonly org: ReadonlyArray<ClaimPath>
  readonly user: ReadonlyArray<ClaimPath>
  readonly permissions: ReadonlyArray<ClaimPath>
  /** All of these count. */
  readonly roles: ReadonlyArray<ClaimPath>
  readonly grants: ReadonlyArray<RoleGrant>
}

/** A claim with this value, such as `token_use` = `access`. */
export interface RequiredClaim {
  readonly claim: ClaimPath
  readonly value: string
}

/** The permissions of each user with `role`. */
export interface RoleGrant {
  readonly role: string
  readonly permissions: ReadonlyArray<string>
}

export const defaults: TokenRules = {
  issuers: [],
  operatorIssuers: [],
  audiences: [],
  audienceClaim: "aud",
  type: "",
  requireExpiry: true,
  required: [],
  org: ["org_id"],
  user: ["sub"],
  permissions: ["permissions", "scope"],
  roles: ["role", "roles"],
  grants: [],
}
