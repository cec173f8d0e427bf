/** The days for which an organisation's messages stay. 0 means forever. */
export interface MessageRetention {
  /** For organisations without their own. */
  readonly days: number
  readonly orgs: ReadonlyMap<string, number>
}

/** The organisations of a rule: one, or all except some. */
export type RetainedOrgs = { readonly orgId: string } | { readonly except: ReadonlyArray<string> }

/** The rules that delete messages: days above 0, and their organisations. */
export const rulesOf = ({
  days,
  orgs,
}: MessageRetention): ReadonlyArray<{ readonly days: number; readonly orgs: RetainedOrgs }> => [
  ...(days > 0 ? [{ days, orgs: { except: [...orgs.keys()] } }] : []),
  ...[...orgs].flatMap(([orgId, own]) => (own > 0 ? [{ days: own, orgs: { orgId } }] : [])),
]
