import { Button, Field } from "../kit/Kit.tsx"
import { navigate } from "../Router.ts"
import { runText } from "../text/RunText.ts"
import { useText } from "../text/Text.ts"
import {
  epochOf,
  type Filter,
  type FilterName,
  filterNames,
  listHref,
  localOf,
  without,
} from "./RunsFilter.ts"
import { useWord } from "./Words.tsx"

const choices = {
  mode: ["runtime_orchestrator", "direct_llm"],
  status: ["running", "completed", "failed", "cancelled", "interrupted"],
  feedback: ["up", "down", "any"],
} as const

const isChoice = (name: FilterName): name is keyof typeof choices => Object.hasOwn(choices, name)

const Choice = ({ name, value }: { readonly name: keyof typeof choices; readonly value: string }) => {
  const t = useText(runText)
  const word = useWord()
  return (
    <select name={name} defaultValue={value}>
      <option value="">{name === "feedback" ? "–" : t("any")}</option>
      {choices[name].map((one) => (
        <option key={one} value={one} selected={one === value}>
          {word(one)}
        </option>
      ))}
    </select>
  )
}

const FilterField = ({ filter, name }: { readonly name: FilterName; readonly filter: Filter }) => {
  const t = useText(runText)
  const value = filter[name] ?? ""
  return (
    <Field label={t(name)}>
      {isChoice(name) ? (
        <Choice name={name} value={value} />
      ) : name === "from" || name === "to" ? (
        <input name={name} type="datetime-local" defaultValue={localOf(filter[name])} />
      ) : (
        <input name={name} autocomplete="off" spellcheck={false} defaultValue={value} />
      )}
    </Field>
  )
}

const Chosen = ({ filter }: { readonly filter: Filter }) => {
  const t = useText(runText)
  const word = useWord()
  const chosen = filterNames.flatMap((name) => {
    const value = filter[name]
    return value === undefined
      ? []
      : [{ name, value: name === "from" || name === "to" ? localOf(value) : word(value) }]
  })
  if (chosen.length === 0) return null
  return (
    <ul class="chosen" aria-label={t("filters")}>
      {chosen.map(({ name, value }) => (
        <li key={name}>
          <a
            class="filter-chip"
            href={listHref(without(filter, name))}
            aria-label={t("remove", { name: t(name), value })}
          >
            {t(name)}: {value} <span aria-hidden="true">✕</span>
          </a>
        </li>
      ))}
      <li>
        <a href={listHref({})}>{t("clear")}</a>
      </li>
    </ul>
  )
}

const filterIn = (form: HTMLFormElement): Filter =>
  Object.fromEntries(
    [...new FormData(form)].flatMap(([name, value]) =>
      typeof value !== "string"
        ? []
        : [[name, name === "from" || name === "to" ? epochOf(value) : value.trim()]],
    ),
  )

const first: ReadonlyArray<FilterName> = ["user", "org", "status", "mode", "feedback"]

export const FilterForm = ({
  filter,
  isOperator,
}: {
  readonly filter: Filter
  readonly isOperator: boolean
}) => {
  const t = useText(runText)
  const offered = filterNames.filter((name) => name !== "org" || isOperator)
  const rest = offered.filter((name) => !first.includes(name))
  return (
    <div>
      <form
        class="run-filters"
        aria-label={t("filters")}
        onSubmit={(event) => {
          event.preventDefault()
          navigate(listHref(filterIn(event.currentTarget)))
        }}
      >
        {offered
          .filter((name) => first.includes(name))
          .map((name) => (
            <FilterField key={name} name={name} filter={filter} />
          ))}
        <Button type="submit" look="main">
          {t("apply")}
        </Button>
        <details open={rest.some((name) => filter[name] !== undefined)}>
          <summary>{t("moreFilters")}</summary>
          <div class="run-filters">
            {rest.map((name) => (
              <FilterField key={name} name={name} filter={filter} />
            ))}
          </div>
        </details>
      </form>
      <Chosen filter={filter} />
    </div>
  )
}
