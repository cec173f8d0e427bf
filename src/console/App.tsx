/**
 * The console: the shell around the views. Invariants: text of a model or a tool gets into the page only as text or through
 * `markdown/`, and the token goes only to this page's origin.
 */
import type { ComponentType } from "preact"
import { lazy, Suspense } from "preact/compat"
import { useEffect } from "preact/hooks"
import { Failure, Loading, Notice } from "./kit/Kit.tsx"
import { ErrorBoundary } from "./kit/ErrorBoundary.tsx"
import { useStore } from "./kit/Store.ts"
import { firstOffered, isOffered } from "./Offered.ts"
import { hrefOf, navigate, useRoute, type View } from "./Router.ts"
import { access } from "./service/Access.ts"
import { Header } from "./Header.tsx"
import { LinkOffer } from "./signin/LinkOffer.tsx"
import { SignIn } from "./signin/SignIn.tsx"
import { shellText } from "./text/ShellText.ts"
import { language, useText } from "./text/Text.ts"
import { ChatView } from "./chat/ChatView.tsx"
import type { ViewProps } from "./ViewProps.ts"

const parts: Readonly<Record<View, ComponentType<ViewProps>>> = {
  chat: ChatView,
  runs: lazy(() => import("./run/RunsView.tsx")),
  crossfade: lazy(() => import("./crossfade/CrossfadeView.tsx")),
  sandbox: lazy(() => import("./sandbox/SandboxView.tsx")),
}

const Opened = (props: ViewProps) => {
  const t = useText(shellText)
  const { account, route } = props
  const mayOpen = route.view !== "chat" || isOffered("chat", account, false)
  useEffect(() => {
    if (!mayOpen && location.hash === "") navigate(hrefOf(firstOffered(account)), { replace: true })
  }, [mayOpen, account])
  const View = parts[route.view]
  return mayOpen ? <View {...props} /> : <Notice>{t("denied", { permission: "chat:read" })}</Notice>
}

export const App = () => {
  const t = useText(shellText)
  const route = useRoute()
  const now = useStore(access)
  const tag = useStore(language)
  useEffect(() => {
    document.documentElement.lang = tag === "zh" ? "zh-Hans" : tag
    document.title = `${t(route.view)} · Crossfade`
  }, [tag, route.view])
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => (event.preventDefault(), document.getElementById("main")?.focus())}
      >
        {t("skip")}
      </a>
      <Header route={route} />
      <LinkOffer />
      <main id="main" tabIndex={-1} data-view={route.view}>
        {now.state === "signedIn" ? (
          <ErrorBoundary key={route.view} shown={(error, again) => <Failure error={error} retry={again} />}>
            <Suspense fallback={<Loading />}>
              <Opened key={now.token} account={now.account} route={route} />
            </Suspense>
          </ErrorBoundary>
        ) : now.state === "checking" ? (
          <Loading />
        ) : (
          <SignIn problem={now.problem} />
        )}
      </main>
    </>
  )
}
