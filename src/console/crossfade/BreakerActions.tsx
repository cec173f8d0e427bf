/** The orders of an operator: set and end an override, reset a breaker. Each asks first and says what happens to turns. */
import { useState } from "preact/hooks"
import type { LiveView } from "../../api/LiveView.ts"
import { Button, Notice } from "../kit/Kit.tsx"
import { type Account, may } from "../service/Access.ts"
import { crossfadeText } from "../text/CrossfadeText.ts"
import { useText } from "../text/Text.ts"
import { EndDialog, ResetDialog } from "./ConfirmDialogs.tsx"
import { OverrideDialog } from "./OverrideDialog.tsx"

export type Org = LiveView["orgs"][number]

interface Props {
  readonly account: Account
  readonly view: LiveView
  /** Absent: all organisations. */
  readonly org?: Org
}

const dialogs = { override: OverrideDialog, endOverride: EndDialog, reset: ResetDialog } as const
type Open = keyof typeof dialogs

const isOffered: Readonly<Record<Open, (scope: LiveView["breaker"], isOrg: boolean) => boolean>> = {
  override: ({ forced }, isOrg) => !isOrg || forced === null,
  endOverride: ({ forced }) => forced !== null,
  reset: () => true,
}

export const BreakerActions = ({ account, org, view }: Props) => {
  const t = useText(crossfadeText)
  const [open, setOpen] = useState<Open>()
  const [isDone, setDone] = useState(false)
  const mayWrite = may(account, "operator:write")
  const Shown = open && dialogs[open]
  return (
    <>
      <div class="row">
        {(["override", "endOverride", "reset"] as const)
          .filter((name) => isOffered[name](org ?? view.breaker, org !== undefined))
          .map((name) => (
            <Button key={name} disabled={!mayWrite} onClick={() => (setDone(false), setOpen(name))}>
              {t(name)}
            </Button>
          ))}
      </div>
      {!mayWrite && org === undefined && <p class="quiet">{t("needsWrite")}</p>}
      {isDone && (
        <Notice tone="good" alert>
          {t("done", { by: `${account.userId} (${account.orgId})` })}
        </Notice>
      )}
      {Shown !== undefined && (
        <Shown
          view={view}
          org={org}
          close={() => setOpen(undefined)}
          done={() => (setOpen(undefined), setDone(true))}
        />
      )}
    </>
  )
}
