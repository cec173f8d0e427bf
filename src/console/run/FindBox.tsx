import { useState } from "preact/hooks"
import type { RunsPage } from "../../api/OperatorRunsApi.ts"
import { Button, Field, Notice } from "../kit/Kit.tsx"
import { hrefOf, navigate } from "../Router.ts"
import { dataOf } from "../service/Service.ts"
import { runText } from "../text/RunText.ts"
import { useText } from "../text/Text.ts"
import { foundIn, listHref, requestOf } from "./RunsFilter.ts"
import { errorOf } from "../kit/ErrorOf.ts"

/** The ids of a run and of a session look the same, so the gateway is asked which one it is. */
const hrefOfId = async (id: string, isOperator: boolean): Promise<string> => {
  if (!isOperator) return hrefOf("runs", id)
  const { runs } = await dataOf<typeof RunsPage.Encoded>(requestOf({ session: id }, null))
  return runs.length > 0 ? listHref({ session: id }) : hrefOf("runs", id)
}

export const FindBox = ({ isOperator }: { readonly isOperator: boolean }) => {
  const t = useText(runText)
  const [problem, setProblem] = useState<string>()
  const find = async (text: string) => {
    const found = foundIn(text)
    setProblem(found === undefined ? t("notAnId") : undefined)
    if (found === undefined) return
    const href =
      found.kind === "trace" ? listHref({ traceId: found.id }) : await hrefOfId(found.id, isOperator)
    navigate(href)
  }
  return (
    <form
      class="run-find"
      role="search"
      aria-label={t("find")}
      onSubmit={(event) => {
        event.preventDefault()
        const text = new FormData(event.currentTarget).get("id")
        find(typeof text === "string" ? text : "").catch((error: unknown) =>
          setProblem(errorOf(error).message),
        )
      }}
    >
      <Field label={t("find")}>
        <input name="id" placeholder={t("findHelp")} autocomplete="off" spellcheck={false} required />
      </Field>
      <Button type="submit">{t("findButton")}</Button>
      {problem !== undefined && (
        <Notice tone="warn" alert>
          {problem}
        </Notice>
      )}
    </form>
  )
}
