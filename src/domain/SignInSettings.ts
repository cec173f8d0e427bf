/** Sign-in to the console by an identity provider. */
import type * as Redacted from "effect/Redacted"

export interface SignInSettings {
  readonly issuer: string
  readonly clientId: string
  /** Undefined: a public client. */
  readonly clientSecret: Redacted.Redacted<string> | undefined
  readonly scopes: ReadonlyArray<string>
  /** Further parameters of the authorization request. */
  readonly parameters: ReadonlyArray<readonly [name: string, value: string]>
  /** The token of the provider that the console sends to this service. */
  readonly token: "access_token" | "id_token"
}
