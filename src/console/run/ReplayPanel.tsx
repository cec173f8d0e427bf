/** The answer and its chain at any time of the run, with the controls that move through it. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks"
import type { ChatEvent } from "../../client/Contract.ts"
import { Chain } from "../chain/Chain.tsx"
import { Button } from "../kit/Kit.tsx"
import { duration } from "../kit/Time.tsx"
import { AnswerBody } from "../parts/AnswerBody.tsx"
import { runText } from "../text/RunText.ts"
import { useText } from "../text/Text.ts"
import { countAt, Replay, timesOf } from "./Replay.ts"

interface ReplayProps {
  readonly events: ReadonlyArray<ChatEvent>
  /** The run is still running, so the view stays at its newest event. */
  readonly isLive: boolean
  readonly canReplay: boolean
  readonly startedAt: number
  readonly endedAt: number | null
}

const speeds = [1, 2, 4, 10] as const
type Speed = (typeof speeds)[number]

/** Moves the position while `playing`, until `endMs`. */
const usePlayback = (endMs: number) => {
  const [position, setPosition] = useState<number | undefined>()
  const [isPlaying, setPlaying] = useState(false)
  const [speed, setSpeed] = useState<Speed>(1)
  useEffect(() => {
    if (!isPlaying) return undefined
    let [frame, before] = [0, performance.now()]
    const step = (now: number) => {
      const passed = (now - before) * speed
      before = now
      setPosition((at = 0) => Math.min(endMs, at + passed))
      frame = requestAnimationFrame(step)
    }
    frame = requestAnimationFrame(step)
    return () => cancelAnimationFrame(frame)
  }, [isPlaying, speed, endMs])
  useEffect(() => {
    if (isPlaying && position !== undefined && position >= endMs) setPlaying(false)
  }, [isPlaying, position, endMs])
  const toggle = () => {
    if (!isPlaying && (position === undefined || position >= endMs)) setPosition(0)
    setPlaying(!isPlaying)
  }
  /** Undefined: the end. */
  return { position, setPosition, isPlaying, toggle, speed, setSpeed }
}

type Playback = ReturnType<typeof usePlayback>

const Controls = ({
  count,
  all,
  endMs,
  playback,
}: {
  readonly playback: Playback
  readonly endMs: number
  readonly count: number
  readonly all: number
}) => {
  const t = useText(runText)
  const { isPlaying, position = endMs, setPosition, setSpeed, speed, toggle } = playback
  return (
    <div class="replay" role="group" aria-label={t("replay")}>
      <Button look="main" onClick={toggle}>
        {isPlaying ? `❚❚ ${t("pause")}` : `▶ ${t("play")}`}
      </Button>
      <span class="row" role="group" aria-label={t("speed")}>
        {speeds.map((factor) => (
          <Button key={factor} aria-pressed={factor === speed} onClick={() => setSpeed(factor)}>
            {t("times", { factor })}
          </Button>
        ))}
      </span>
      <input
        type="range"
        min={0}
        max={endMs}
        step={Math.max(1, Math.round(endMs / 500))}
        value={position}
        aria-label={t("position")}
        aria-valuetext={duration(position)}
        onInput={({ currentTarget }) => setPosition(Number(currentTarget.value))}
      />
      <span class="number quiet">
        {duration(position)} / {duration(endMs)} · {t("eventsOf", { count, all })}
      </span>
    </div>
  )
}

export const ReplayPanel = ({ canReplay, endedAt, events, isLive, startedAt }: ReplayProps) => {
  const t = useText(runText)
  const replay = useRef(new Replay())
  const times = useMemo(() => timesOf(events, startedAt, endedAt), [events, startedAt, endedAt])
  const endMs = Math.max(1, times.at(-1) ?? 1)
  const playback = usePlayback(endMs)
  const { position } = playback
  const count =
    isLive || position === undefined || position >= endMs ? events.length : countAt(times, position)
  const answer = useMemo(() => replay.current.answerAt(events, count), [events, count])
  return (
    <>
      {canReplay && !isLive && (
        <Controls playback={playback} endMs={endMs} count={count} all={events.length} />
      )}
      <div class="run-content">
        <section aria-label={t("answer")}>
          <h3>{t("answer")}</h3>
          {answer === undefined ? <p class="quiet">{t("noAnswer")}</p> : <AnswerBody answer={answer} />}
        </section>
        {answer !== undefined && <Chain answer={answer} />}
      </div>
    </>
  )
}
