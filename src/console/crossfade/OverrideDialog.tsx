import { useState } from "preact/hooks"
import { Button, Dialog, Failure, Field, Notice } from "../kit/Kit.tsx"
import { crossfadeText } from "../text/CrossfadeText.ts"
import { shellText } from "../text/ShellText.ts"
import { useText } from "../text/Text.ts"
import { doubtOf, useKnownOrgs } from "./KnownOrgs.ts"
import { type DialogProps, useBreakerCommand } from "./BreakerCommand.ts"

const modes = ["direct_llm", "runtime_orchestrator"] as const
const expiries = { m15: 900_000, h1: 3_600_000, h4: 14_400_000, never: undefined } as const
type Expiry = keyof typeof expiries

interface Draft {
  readonly mode: (typeof modes)[number]
  readonly scope: "all" | "one"
  readonly orgId: string
  readonly reason: string
  readonly expiry: Expiry
}

interface PartProps {
  readonly draft: Draft
  readonly change: (changed: Partial<Draft>) => void
  readonly view: DialogProps["view"]
}

const ModeField = ({ change, draft }: PartProps) => {
  const t = useText(crossfadeText)
  return (
    <Field label={t("overrideMode")}>
      <select
        value={draft.mode}
        onChange={({ currentTarget }) => {
          const mode = modes.find((one) => one === currentTarget.value)
          if (mode !== undefined) change({ mode })
        }}
      >
        {modes.map((mode) => (
          <option key={mode} value={mode}>
            {t(mode)}
          </option>
        ))}
      </select>
    </Field>
  )
}

const OrgField = ({ change, draft, view }: PartProps) => {
  const t = useText(crossfadeText)
  const orgs = useKnownOrgs(view)
  const doubt = doubtOf(draft.orgId.trim(), orgs)
  return (
    <>
      <Field label={t("organisation")}>
        <input
          required
          list="known-orgs"
          value={draft.orgId}
          onInput={({ currentTarget }) => change({ orgId: currentTarget.value })}
        />
      </Field>
      <datalist id="known-orgs">
        {orgs.known.slice(0, 100).map((orgId) => (
          <option key={orgId} value={orgId} />
        ))}
      </datalist>
      {doubt !== undefined && (
        <Notice tone="warn">
          <span>{t("orgUnknown", { org: draft.orgId.trim() })}</span>
          {doubt.nearest !== undefined && (
            <Button onClick={() => change({ orgId: doubt.nearest ?? "" })}>
              {t("didYouMean", { org: doubt.nearest })}
            </Button>
          )}
        </Notice>
      )}
    </>
  )
}

const ScopeFields = (props: PartProps) => {
  const t = useText(crossfadeText)
  return (
    <>
      <Field label={t("scope")}>
        <select
          value={props.draft.scope}
          onChange={({ currentTarget }) =>
            props.change({ scope: currentTarget.value === "one" ? "one" : "all" })
          }
        >
          <option value="all">{t("scopeAll")}</option>
          <option value="one">{t("scopeOne")}</option>
        </select>
      </Field>
      {props.draft.scope === "one" && <OrgField {...props} />}
    </>
  )
}

const ReasonFields = ({ change, draft }: PartProps) => {
  const t = useText(crossfadeText)
  return (
    <>
      <Field label={t("expiry")}>
        <select
          value={draft.expiry}
          onChange={({ currentTarget }) => {
            const { value } = currentTarget
            if (value === "m15" || value === "h1" || value === "h4" || value === "never")
              change({ expiry: value })
          }}
        >
          {(["m15", "h1", "h4", "never"] as const).map((name) => (
            <option key={name} value={name}>
              {t(name)}
            </option>
          ))}
        </select>
      </Field>
      <Field label={t("reasonRequired")}>
        <input
          required
          pattern=".*\S.*"
          maxLength={500}
          value={draft.reason}
          onInput={({ currentTarget }) => change({ reason: currentTarget.value })}
        />
      </Field>
    </>
  )
}

const Effect = ({ draft, view }: Omit<PartProps, "change">) => {
  const t = useText(crossfadeText)
  const scope = draft.scope === "all" ? t("scopeAll") : draft.orgId.trim() || "…"
  const isNowhere = draft.mode === "direct_llm" && !view.directConfigured
  const effect =
    draft.mode === "runtime_orchestrator"
      ? "effectRuntime"
      : isNowhere
        ? "effectDirectNowhere"
        : "effectDirect"
  return <Notice tone={isNowhere ? "bad" : "warn"}>{t(effect, { scope })}</Notice>
}

/** The end counts from the confirmation, not from the opening of the dialog. */
const orderOf = ({ expiry, mode, orgId, reason, scope }: Draft, now: number) => {
  const ms = expiries[expiry]
  return {
    mode,
    reason: reason.trim(),
    ...(scope === "one" ? { orgId: orgId.trim() } : {}),
    ...(ms === undefined ? {} : { expiresAt: now + ms }),
  }
}

export const OverrideDialog = ({ close, done, org, view }: DialogProps) => {
  const t = useText(crossfadeText)
  const shell = useText(shellText)
  const [draft, setDraft] = useState<Draft>({
    mode: "direct_llm",
    scope: org === undefined ? "all" : "one",
    orgId: org?.orgId ?? "",
    reason: "",
    expiry: "h1",
  })
  const { error, isSending, send } = useBreakerCommand("force", done)
  const parts = { draft, view, change: (changed: Partial<Draft>) => setDraft({ ...draft, ...changed }) }
  return (
    <Dialog title={t("overrideTitle")} close={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          send(orderOf(draft, Date.now()))
        }}
      >
        <ModeField {...parts} />
        <ScopeFields {...parts} />
        <ReasonFields {...parts} />
        <Effect draft={draft} view={view} />
        {error !== undefined && <Failure error={error} />}
        <div class="row end">
          <Button onClick={close}>{shell("cancel")}</Button>
          <Button type="submit" look="danger" disabled={isSending}>
            {t("override")}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
