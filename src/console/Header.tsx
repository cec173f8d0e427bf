import { Badge, Button } from "./kit/Kit.tsx"
import { useMedia } from "./kit/Media.ts"
import { Menu } from "./kit/Menu.tsx"
import { useStore } from "./kit/Store.ts"
import { offered } from "./Offered.ts"
import { hrefOf, type Route } from "./Router.ts"
import { chooseScheme, scheme, schemes } from "./Scheme.ts"
import { access, type Account } from "./service/Access.ts"
import { sandboxUrls } from "./service/Readiness.ts"
import { leave } from "./signin/Provider.ts"
import { sandboxFaults, servers } from "./service/SandboxFaults.ts"
import { shellText } from "./text/ShellText.ts"
import { chooseLanguage, language, languages, useText } from "./text/Text.ts"

/** On every view, so that a fault which was set on purpose is not taken for a real one. */
const SandboxMark = () => {
  const t = useText(shellText)
  const faults = useStore(sandboxFaults)
  const active = faults === undefined ? [] : servers.filter((server) => faults[server].fault !== "none")
  if (faults === undefined || active.length === 0) return null
  const names = active.map((server) => `${t(server)} ${faults[server].fault}`).join(", ")
  return (
    <a class="sandbox-mark" href={hrefOf("sandbox")}>
      <Badge tone="bad">{t("sandboxFault", { fault: names })}</Badge>
    </a>
  )
}

/** The choices of the reader, and the way out. */
const Settings = ({ account }: { readonly account: Account | undefined }) => {
  const t = useText(shellText)
  const chosenLanguage = useStore(language)
  const chosenScheme = useStore(scheme)
  return (
    <>
      <select
        aria-label={t("language")}
        value={chosenLanguage}
        onChange={({ currentTarget }) => chooseLanguage(currentTarget.value === "zh" ? "zh" : "en")}
      >
        {Object.entries(languages).map(([tag, name]) => (
          <option key={tag} value={tag} lang={tag}>
            {name}
          </option>
        ))}
      </select>
      <select
        aria-label={t("scheme")}
        value={chosenScheme}
        onChange={({ currentTarget }) =>
          chooseScheme(schemes.find((one) => one === currentTarget.value) ?? "auto")
        }
      >
        {schemes.map((one) => (
          <option key={one} value={one}>
            {t(one)}
          </option>
        ))}
      </select>
      {account !== undefined && (
        <>
          <span class="quiet who">{t("signedInAs", { user: account.userId, org: account.orgId })}</span>
          <Button onClick={leave}>{t("signOut")}</Button>
        </>
      )}
    </>
  )
}

export const Header = ({ route }: { readonly route: Route }) => {
  const t = useText(shellText)
  const now = useStore(access)
  const sandbox = useStore(sandboxUrls)
  const isNarrow = useMedia("(max-width: 40rem)")
  const account = now.state === "signedIn" ? now.account : undefined
  return (
    <header class="shell">
      <span class="brand">Crossfade</span>
      <nav aria-label={t("views")}>
        {offered(account, sandbox !== undefined).map((view) => (
          <a key={view} href={hrefOf(view)} aria-current={view === route.view ? "page" : undefined}>
            {t(view)}
          </a>
        ))}
      </nav>
      <SandboxMark />
      <div class="shell-end">
        {isNarrow ? (
          <Menu label={t("settings")} shown="⚙">
            <Settings account={account} />
          </Menu>
        ) : (
          <Settings account={account} />
        )}
      </div>
    </header>
  )
}
