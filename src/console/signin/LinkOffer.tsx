/**
 * A link may carry a token: `/#token=…`. The page asks before it uses the token, because any site may link here with a token of
 * an account of its own.
 */
import { useEffect, useState } from "preact/hooks"
import { Button, Dialog } from "../kit/Kit.tsx"
import { useStore } from "../kit/Store.ts"
import { access, claimsOf, signIn } from "../service/Access.ts"
import { shellText } from "../text/ShellText.ts"
import { useText } from "../text/Text.ts"

/** Takes the token out of the address, so that it does not stay in the history. */
const takeToken = (): string | undefined => {
  const given = new URLSearchParams(location.hash.slice(1)).get("token")?.trim()
  if (given === undefined || given === "") return undefined
  history.replaceState(null, "", location.pathname + location.search)
  return given
}

export const LinkOffer = () => {
  const t = useText(shellText)
  const now = useStore(access)
  const [offered, setOffered] = useState<string>()
  useEffect(() => {
    const read = () => {
      const given = takeToken()
      const inUse = access.get()
      if (given !== undefined && !(inUse.state !== "none" && inUse.token === given)) setOffered(given)
    }
    read()
    addEventListener("hashchange", read)
    return () => removeEventListener("hashchange", read)
  }, [])
  if (offered === undefined) return null
  const { org_id, sub } = claimsOf(offered)
  const owner =
    typeof sub === "string"
      ? `“${sub}”${typeof org_id === "string" ? ` (${org_id})` : ""}`
      : t("unknownAccount")
  const close = () => setOffered(undefined)
  return (
    <Dialog
      title={t("linkTitle")}
      close={close}
      actions={
        <>
          <Button onClick={close}>{t("ignoreIt")}</Button>
          <Button
            look="main"
            onClick={() => {
              close()
              void signIn(offered)
            }}
          >
            {t("useIt")}
          </Button>
        </>
      }
    >
      <p>
        {t("linkText", { owner })} {now.state === "signedIn" && t("linkReplaces")}
      </p>
      <p class="quiet">{t("linkWarning")}</p>
    </Dialog>
  )
}
