import { useState } from "preact/hooks"
import { Button, Card, Field, Notice } from "../kit/Kit.tsx"
import { signIn } from "../service/Access.ts"
import { shellText } from "../text/ShellText.ts"
import { useText } from "../text/Text.ts"

export const SignIn = ({ problem }: { readonly problem: string | undefined }) => {
  const t = useText(shellText)
  const [token, setToken] = useState("")
  return (
    <div class="signin">
      <Card title={t("signIn")}>
        {problem !== undefined && (
          <Notice tone="bad" alert>
            {t("refused", { reason: problem })}
          </Notice>
        )}
        <form
          onSubmit={(event) => {
            event.preventDefault()
            if (token.trim() !== "") void signIn(token)
          }}
        >
          <Field label={t("token")} help={t("tokenHelp")}>
            <input
              type="password"
              autocomplete="off"
              required
              value={token}
              onInput={({ currentTarget }) => setToken(currentTarget.value)}
            />
          </Field>
          <Button type="submit" look="main">
            {t("use")}
          </Button>
        </form>
      </Card>
    </div>
  )
}
