/** The error that the user saw, and its place. The texts of upstreams come with the content only. */
import { Card } from "../kit/Kit.tsx"
import { runText } from "../text/RunText.ts"
import { useText } from "../text/Text.ts"
import type { RunFacts } from "./RunFacts.ts"
import { visible } from "../../domain/PlainText.ts"

const Failures = ({ attempts }: Pick<RunFacts, "attempts">) => {
  const t = useText(runText)
  const failed = attempts.filter(({ failure }) => failure !== null)
  return (
    <>
      {failed.map(({ failure, number, target }) => (
        <div key={`${target}${number}`}>
          <h3>{t("upstreamText", { number })}</h3>
          <pre tabIndex={0} role="group" aria-label={t("upstreamText", { number })}>
            {visible(failure ?? "")}
          </pre>
        </div>
      ))}
    </>
  )
}

const Facts = ({ error }: { readonly error: NonNullable<RunFacts["error"]> }) => {
  const t = useText(runText)
  const { callId, details, httpStatus, recoverable, stepId, traceId } = error
  const place = [
    ...(stepId === undefined ? [] : [t("atStep", { id: stepId })]),
    ...(callId === undefined ? [] : [t("atCall", { id: callId })]),
  ].join(", ")
  const facts = [
    ["place", place],
    ["httpStatus", httpStatus?.toString() ?? ""],
    ["recoverable", t(recoverable ? "yes" : "no")],
    ["traceId", traceId ?? ""],
    ["details", details === undefined ? "" : JSON.stringify(details)],
  ] as const
  return (
    <dl class="run-facts">
      {facts
        .filter(([, value]) => value !== "")
        .map(([name, value]) => (
          <div key={name}>
            <dt>{t(name)}</dt>
            <dd>{visible(value)}</dd>
          </div>
        ))}
    </dl>
  )
}

export const ErrorCard = ({ run: { attempts, error } }: { readonly run: RunFacts }) => {
  const t = useText(runText)
  const hasFailures = attempts.some(({ failure }) => failure !== null)
  if (error === null && !hasFailures) return null
  return (
    <Card title={t("outcome")}>
      {error !== null && (
        <>
          <p class="run-error">
            <code>{error.code}</code> {visible(error.message)}
          </p>
          <Facts error={error} />
        </>
      )}
      <Failures attempts={attempts} />
    </Card>
  )
}
