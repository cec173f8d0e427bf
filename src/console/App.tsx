/**
 * The console: the shell around the views. Invariants: text of a model or a tool gets into the page only as text or through
 * `markdown/`, and the token goes only to this page's origin.
 */
import type { ComponentType } from "preact"
import { lazy, Suspense } from "preact/compat"
import { useEffect } from "preact/hooks"
import { Failure, Loading } from "./kit/Kit.tsx"
import { ErrorBoundary } from "./kit/ErrorBoundary.tsx"
import { useStore } from "./kit/Store.ts"
import { useRoute, type View } from "./Router.ts"
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

export const App = () => {
  const t = useText(shellText)
  const route = useRoute()
  const now = useStore(access)
  const tag = useStore(language)
  useEffect(() => {
    document.documentElement.lang = tag === "zh" ? "zh-Hans" : tag
    document.title = `${t(route.view)} · Crossfade`
  }, [tag, route.view])
  const Shown = parts[route.view]
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
              <Shown key={now.token} account={now.account} route={route} />
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
