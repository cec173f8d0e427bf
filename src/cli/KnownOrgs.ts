/**
 * Refuses organisations that the service does not know: the API takes any id, so a misspelt one would be a change without
 * an effect.
 */
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { OrgId } from "../domain/Ids.ts"
import { didYouMean } from "./DidYouMean.ts"
import { UsageError } from "./Explained.ts"
import * as OperatorClient from "./OperatorClient.ts"
import type { Service } from "./ServiceClient.ts"

export const forceFlag = Flag.Boolean("force").pipe(
  Flag.withDescription("Accept an organisation that has not had a session yet"),
  Flag.withDefault(false),
)

export const orgFlag = (description: string) =>
  Flag.String("org").pipe(
    Flag.withDescription(description),
    Flag.withMetavar("ORG"),
    Flag.withSchema(OrgId),
    Flag.optional,
  )

const known = (service: Service) =>
  Stream.paginate(undefined, (cursor: OrgId | undefined) =>
    Effect.map(
      OperatorClient.orgs(service, cursor),
      ({ nextCursor, orgs }) => [orgs, Option.fromNullOr(nextCursor)] as const,
    ),
  )

/** `also` are ids that the settings hold already. */
export const checkOrgs = Effect.fnUntraced(function* (
  service: Service,
  names: ReadonlyArray<string>,
  force: boolean,
  also: ReadonlyArray<string> = [],
) {
  if (force || names.every((name) => also.includes(name))) return
  const orgs = yield* Stream.runCollect(known(service))
  const all = [...orgs, ...also]
  const unknown = names.find((name) => !all.includes(name))
  if (unknown === undefined) return
  return yield* new UsageError({
    message: `There is no organisation ${unknown}. ${didYouMean(unknown, all)} Add --force for one that has not had a session yet.`,
  })
})

/** For reads: an administrator of a tenant may not list organisations, and reads only the own one anyway. */
export const checkReadOrg = (service: Service, name: string | undefined) =>
  name === undefined
    ? Effect.void
    : Effect.catchTag(checkOrgs(service, [name], false), "ServiceRefused", (refused) =>
        refused.code === "AUTH_PERMISSION_DENIED" ? Effect.void : refused,
      )
