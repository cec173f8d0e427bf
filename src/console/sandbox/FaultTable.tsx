import { useState } from "preact/hooks"
import { Entry, useProblem } from "../kit/Entry.tsx"
import { Badge, Button } from "../kit/Kit.tsx"
import {
  type Fault,
  type FaultName,
  faultNames,
  type Faults,
  type Server,
  servers,
} from "../service/SandboxFaults.ts"
import { numberOf, outOfRange, type Problem } from "../kit/Inputs.ts"
import { sandboxText } from "../text/SandboxText.ts"
import { useText } from "../text/Text.ts"
import { Table } from "../kit/Table.tsx"

type Breaking = Exclude<FaultName, "none">
const isBreaking = (name: FaultName): name is Breaking => name !== "none"

/** The limits of the sandbox, and its values without a choice. */
const inputs = {
  "error-rate": { name: "rate", first: "0.5", range: { minimum: 0, maximum: 1 }, whole: false },
  cut: { name: "afterEvents", first: "3", range: { minimum: 0, maximum: 10_000 }, whole: true },
  garbage: { name: "afterEvents", first: "3", range: { minimum: 0, maximum: 10_000 }, whole: true },
} as const

const inputOf = (fault: Breaking) =>
  fault === "error-rate" || fault === "cut" || fault === "garbage" ? inputs[fault] : undefined

const FaultRow = ({
  fault,
  faults,
  set,
}: {
  readonly fault: Breaking
  readonly faults: Faults | undefined
  readonly set: (server: Server, fault: Partial<Fault>) => void
}) => {
  const t = useText(sandboxText)
  const input = inputOf(fault)
  const [value, setValue] = useState<string>(input?.first ?? "")
  const [problems, setProblems] = useState<ReadonlyArray<Problem>>([])
  const problem = useProblem(problems)
  const choose = (server: Server) => {
    if (input === undefined) return set(server, { fault })
    const found = outOfRange(input.name, numberOf(value), input.range, input.whole)
    setProblems(found)
    if (found.length === 0) set(server, { fault, [input.name]: numberOf(value) })
  }
  const active = servers.filter((server) => faults?.[server].fault === fault)
  return (
    <tr class={active.length > 0 ? "active" : ""}>
      <th scope="row">
        <code>{fault}</code>
        {active.map((server) => (
          <div key={server}>
            <Badge tone="bad">{t("active", { server: t(server) })}</Badge>
          </div>
        ))}
      </th>
      <td>{t(`${fault}Effect`)}</td>
      <td>{t(`${fault}Watch`)}</td>
      <td>
        <div class="fault-set">
          {input !== undefined && (
            <Entry label={t(input.name)} problem={problem(input.name)}>
              {(attributes) => (
                <input
                  {...attributes}
                  inputMode="decimal"
                  value={value}
                  onInput={({ currentTarget }) => setValue(currentTarget.value)}
                />
              )}
            </Entry>
          )}
          <div class="fault-buttons">
            {servers
              .filter((server) => server === "runtime" || fault !== "error-text")
              .map((server) => (
                <Button
                  key={server}
                  aria-label={t("setOn", { fault, server: t(server) })}
                  onClick={() => choose(server)}
                >
                  {t(server === "model" ? "modelShort" : server)}
                </Button>
              ))}
          </div>
        </div>
      </td>
    </tr>
  )
}

const columns = ["fault", "effect", "watch", "set"] as const

/** Each fault with its effect, its visible result, and the buttons that set it. */
export const FaultTable = ({
  faults,
  set,
}: {
  readonly faults: Faults | undefined
  readonly set: (server: Server, fault: Partial<Fault>) => void
}) => {
  const t = useText(sandboxText)
  return (
    <Table label={t("fault")} look="faults" heads={columns.map((column) => ({ text: t(column) }))}>
      {faultNames.filter(isBreaking).map((fault) => (
        <FaultRow key={fault} fault={fault} faults={faults} set={set} />
      ))}
    </Table>
  )
}
