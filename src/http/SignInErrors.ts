/** The errors of sign-in by an identity provider, and the public form of each: part of `ErrorMapping`. */
import * as Schema from "effect/Schema"
import type { PublicError } from "../protocol/PublicError.ts"

/** The provider refused the code, or its answer is not valid. `reason` contains no text of the provider. */
export class SignInRefused extends Schema.TaggedError<SignInRefused>()("SignInRefused", {
  reason: Schema.String,
}) {}

/** The provider does not answer. */
export class SignInUnavailable extends Schema.TaggedError<SignInUnavailable>()("SignInUnavailable", {}) {}

/** Too many users sign in at once. */
export class SignInBusy extends Schema.TaggedError<SignInBusy>()("SignInBusy", {}) {}

export type SignInError = SignInBusy | SignInRefused | SignInUnavailable

export const signInErrors = {
  SignInBusy: (): PublicError => ({
    code: "OVERLOADED",
    message: "Too many users sign in now. Nothing was taken.",
    retryAfter: 1,
  }),
  SignInRefused: ({ reason }: SignInRefused): PublicError => ({ code: "SIGN_IN_REFUSED", message: reason }),
  SignInUnavailable: (): PublicError => ({
    code: "SIGN_IN_UNAVAILABLE",
    message: "The identity provider does not answer. Try again, or use a token.",
  }),
}
