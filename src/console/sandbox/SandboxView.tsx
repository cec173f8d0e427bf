/** Faults of the sandbox, on and off, with their visible results. */
import "./sandbox.css"
import { useState } from "preact/hooks"
import { Badge, Button, Card, Failure, Notice } from "../kit/Kit.tsx"
import { useStore } from "../kit/Store.ts"
import { sandboxUrls } from "../service/Readiness.ts"
import { type Fault, type Faults, sandboxFaults, servers, setFault } from "../service/SandboxFaults.ts"
import { sandboxText } from "../text/SandboxText.ts"
import { useText } from "../text/Text.ts"
import type { ViewProps } from "../ViewProps.ts"
import { FaultTable } from "./FaultTable.tsx"
import { Traffic } from "./Traffic.tsx"
import { errorOf } from "../kit/ErrorOf.ts"

const parametersOf = ({ afterEvents, fault, rate }: Fault): string =>
  fault === "error-rate" ? ` (${rate})` : fault === "cut" || fault === "garbage" ? ` (${afterEvents})` : ""

const Now = ({ faults, fix }: { readonly faults: Faults; readonly fix: () => void }) => {
  const t = useText(sandboxText)
  const isBroken = servers.some((server) => faults[server].fault !== "none")
  return (
    <>
      <div class="row servers" role="status">
        {servers.map((server) => {
          const fault = faults[server]
          return (
            <span key={server}>
              {t(server)}:{" "}
              <Badge tone={fault.fault === "none" ? "good" : "bad"}>
                {fault.fault === "none" ? t("healthy") : `${fault.fault}${parametersOf(fault)}`}
              </Badge>
            </span>
          )
        })}
      </div>
      <Button look="main" disabled={!isBroken} onClick={fix}>
        {t("fixAll")}
      </Button>
    </>
  )
}

const SandboxView = ({ account }: ViewProps) => {
  const t = useText(sandboxText)
  const urls = useStore(sandboxUrls)
  const faults = useStore(sandboxFaults)
  const [error, setError] = useState<Error>()
  const attempt = (work: Promise<unknown>) => {
    setError(undefined)
    work.catch((failure: unknown) => setError(errorOf(failure)))
  }
  if (urls === undefined)
    return (
      <div class="page">
        <Notice>{t("absent")}</Notice>
      </div>
    )
  return (
    <div class="page">
      <h1>{t("title")}</h1>
      <Card title={t("current")}>
        <p>{t("about")}</p>
        {faults !== undefined && (
          <Now
            faults={faults}
            fix={() => attempt(Promise.all(servers.map((server) => setFault(server, { fault: "none" }))))}
          />
        )}
        {error !== undefined && <Failure error={error} />}
      </Card>
      <Card title={t("fault")}>
        <FaultTable faults={faults} set={(server, fault) => attempt(setFault(server, fault))} />
      </Card>
      <Card title={t("prefixTitle")}>
        <p>{t("prefix")}</p>
      </Card>
      <Traffic account={account} />
    </div>
  )
}

export default SandboxView
