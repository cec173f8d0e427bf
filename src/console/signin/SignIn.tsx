import { useState } from "preact/hooks"
import { Button, Card, Field, Notice } from "../kit/Kit.tsx"
import { useStore } from "../kit/Store.ts"
import { type Refusal, signIn } from "../service/Access.ts"
import { consoleSettings, readConsoleSettings } from "../service/ConsoleSettings.ts"
import { shellText } from "../text/ShellText.ts"
import { signInText } from "../text/SignInText.ts"
import { useText } from "../text/Text.ts"
import { beginSignIn, canSignIn } from "./Provider.ts"

const Problem = ({ problem }: { readonly problem: Refusal }) => {
  const t = useText(shellText)
  const s = useText(signInText)
  if (problem.by === "expired")
    return (
      <Notice tone="warn" alert>
        {t("expired")}
      </Notice>
    )
  const { reason } = problem
  const known =
    reason === "unexpected" || reason === "access_denied" || reason === "login_required" ? s(reason) : reason
  return (
    <Notice tone="bad" alert>
      {problem.by === "gateway" ? t("refused", { reason }) : s("providerRefused", { reason: known })}
    </Notice>
  )
}

/** Only if an identity provider is configured. */
const ProviderButton = () => {
  const s = useText(signInText)
  const settings = useStore(consoleSettings)
  if (settings === undefined || settings.signIn === null) return null
  const { authorizationUrl, issuer } = settings.signIn
  if (authorizationUrl === null || !canSignIn())
    return (
      <Notice tone="warn">
        <span>{s(authorizationUrl === null ? "providerAway" : "needsHttps")}</span>
        {authorizationUrl === null && (
          <Button onClick={() => void readConsoleSettings()}>{s("askAgain")}</Button>
        )}
      </Notice>
    )
  return (
    <div class="provider">
      <Button look="main" onClick={() => void beginSignIn(issuer, authorizationUrl)}>
        {s("withProvider")}
      </Button>
      <span class="quiet">{s("providerHelp", { host: new URL(issuer).host })}</span>
    </div>
  )
}

export const SignIn = ({ problem }: { readonly problem: Refusal | undefined }) => {
  const t = useText(shellText)
  const [token, setToken] = useState("")
  return (
    <div class="signin">
      <Card title={t("signIn")}>
        {problem !== undefined && <Problem problem={problem} />}
        <ProviderButton />
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
          <Button type="submit">{t("use")}</Button>
        </form>
      </Card>
    </div>
  )
}
