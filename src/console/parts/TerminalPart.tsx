/** The output of one sandbox as a terminal: streams are marked, and the state and the use of resources stand above. */
import { useMemo, useState } from "preact/hooks"
import { visible } from "../../domain/PlainText.ts"
import { Badge, Button } from "../kit/Kit.tsx"
import { duration } from "../kit/Time.tsx"
import { partsText } from "../text/PartsText.ts"
import { useText } from "../text/Text.ts"
import { type SandboxPart, type Terminal, terminalOf } from "./SandboxRules.ts"

const shownLines = 200

const tones = { starting: "info", running: "info", success: "good", error: "bad", timeout: "bad" } as const

const Facts = ({
  isLive,
  terminal: { exitCode, status },
}: {
  readonly terminal: Terminal
  readonly isLive: boolean
}) => {
  const t = useText(partsText)
  const { cpuPercent, memoryMb } = status?.resourceUsage ?? {}
  const isOpen = status?.status === "starting" || status?.status === "running"
  return (
    <>
      {status !== undefined && (
        <Badge tone={isOpen && !isLive ? "warn" : tones[status.status]}>
          {isOpen && !isLive ? t("notFinished") : t(status.status)}
        </Badge>
      )}
      {exitCode !== undefined && <span>{t("exitCode", { code: exitCode })}</span>}
      {status?.durationMs !== undefined && <span>{duration(status.durationMs)}</span>}
      {cpuPercent !== undefined && <span>{t("cpu", { value: cpuPercent })}</span>}
      {memoryMb !== undefined && <span>{t("memory", { value: memoryMb })}</span>}
    </>
  )
}

export const TerminalPart = ({
  id,
  isLive,
  parts,
}: {
  readonly id: string
  readonly parts: ReadonlyArray<SandboxPart>
  readonly isLive: boolean
}) => {
  const t = useText(partsText)
  const [isWhole, setWhole] = useState(false)
  const terminal = useMemo(() => terminalOf(parts), [parts])
  const { lines } = terminal
  const hidden = isWhole ? 0 : Math.max(0, lines.length - shownLines)
  const name = t("sandbox", { id: visible(id) })
  return (
    <section class="part terminal" aria-label={name}>
      <div class="terminal-head">
        <strong>{name}</strong>
        <Facts terminal={terminal} isLive={isLive} />
      </div>
      {lines.length > 0 && (
        <div class="terminal-lines" role="group" tabIndex={0} aria-label={name}>
          {hidden > 0 && (
            <Button look="bare" onClick={() => setWhole(true)}>
              {t("earlierLines", { count: hidden })}
            </Button>
          )}
          {lines.slice(hidden).map(({ key, source, text }) => (
            <div key={key} class={`terminal-line ${/^(stderr|error|warn)/.test(source) ? "bad" : ""}`}>
              <span class="terminal-source">{visible(source)}</span>
              <bdi class="terminal-text">{visible(text)}</bdi>
            </div>
          ))}
        </div>
      )}
    </section>
  )
}
