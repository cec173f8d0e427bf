/**
 * Permissions over the whole service: `operator:read`, `operator:write` and their wildcard `operator:*`. A tenant's
 * wildcards (`*`, `admin:*`) end at its organisation, so these must be named, and only sources configured for
 * operators grant them.
 */

export const isOperatorPermission = (permission: string): boolean => /^operator(:|$)/i.test(permission)

/** The permissions that a source of identities may grant: a signing secret, an issuer, or the creator of an API key. */
export const grantable = (
  permissions: ReadonlyArray<string>,
  isOperatorSource: boolean,
): ReadonlyArray<string> =>
  isOperatorSource ? permissions : permissions.filter((permission) => !isOperatorPermission(permission))
