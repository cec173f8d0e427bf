/** Rules for bearer tokens: which claims must hold, and where the principal's ids and permissions stand. */

/** A claim by its name, or by a path of names separated by dots. */
export type ClaimPath = string

export interface TokenRules {
  /** Accepted values of `iss`; none: it is not checked. */
  readonly issuers: ReadonlyArray<string>
  /** Accepted beside `issuers`. Tokens that they sign with a key of the identity provider may hold operators' permissions. */
  readonly operatorIssuers: ReadonlyArray<string>
  /** Accepted values of `audienceClaim`; none: it is not checked. */
  readonly audiences: ReadonlyArray<string>
  readonly audienceClaim: ClaimPath
  /** Header `typ` that every token must have; empty: `JWT`, `at+jwt` or none. */
  readonly type: string
  readonly requireExpiry: boolean
  readonly required: ReadonlyArray<RequiredClaim>
  /** The first path that a token has counts; the same for `user` and `permissions`. */
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

/** Permissions of everyone who has `role`. */
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
