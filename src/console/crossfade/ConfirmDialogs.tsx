import { useState } from "preact/hooks"
import { Button, Dialog, Failure, Field } from "../kit/Kit.tsx"
import { crossfadeText } from "../text/CrossfadeText.ts"
import { shellText } from "../text/ShellText.ts"
import { useText } from "../text/Text.ts"
import { type DialogProps, useBreakerCommand } from "./BreakerCommand.ts"

interface Confirm extends DialogProps {
  readonly title: "endOverride" | "reset"
  readonly effect: "effectEnd" | "effectReset"
  readonly path: "force" | "reset"
  readonly needsReason: boolean
  readonly body: (reason: string) => unknown
}

const Confirm = ({ body, close, done, effect, needsReason, org, path, title }: Confirm) => {
  const t = useText(crossfadeText)
  const shell = useText(shellText)
  const [reason, setReason] = useState("")
  const { error, isSending, send } = useBreakerCommand(path, done)
  return (
    <Dialog title={t(title)} close={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          send(body(reason.trim()))
        }}
      >
        <p>{t(effect, { scope: org?.orgId ?? t("scopeAll") })}</p>
        <Field label={needsReason ? t("reasonRequired") : t("reasonOptional")}>
          <input
            required={needsReason}
            pattern=".*\S.*"
            maxLength={500}
            value={reason}
            onInput={({ currentTarget }) => setReason(currentTarget.value)}
          />
        </Field>
        {error !== undefined && <Failure error={error} />}
        <div class="row end">
          <Button onClick={close}>{shell("cancel")}</Button>
          <Button type="submit" look="danger" disabled={isSending}>
            {t(title)}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

const scopeOf = ({ org }: DialogProps) => (org === undefined ? {} : { orgId: org.orgId })

export const EndDialog = (props: DialogProps) => (
  <Confirm
    {...props}
    title="endOverride"
    effect="effectEnd"
    path="force"
    needsReason
    body={(reason) => ({ mode: "none", reason, ...scopeOf(props) })}
  />
)

export const ResetDialog = (props: DialogProps) => (
  <Confirm
    {...props}
    title="reset"
    effect="effectReset"
    path="reset"
    needsReason={false}
    body={(reason) => ({ ...(reason === "" ? {} : { reason }), ...scopeOf(props) })}
  />
)
