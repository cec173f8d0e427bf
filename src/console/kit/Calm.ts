/** A value that changes with every event, passed on at most ten times a second. The last value is always passed on. */
import { useEffect, useRef, useState } from "preact/hooks"

const everyMs = 100

export const useCalm = <Value>(value: Value): Value => {
  const [shown, setShown] = useState(value)
  const newest = useRef(value)
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  newest.current = value
  useEffect(() => {
    if (timer.current !== undefined || Object.is(shown, value)) return
    timer.current = setTimeout(() => {
      timer.current = undefined
      setShown(newest.current)
    }, everyMs)
  }, [value, shown])
  useEffect(() => () => clearTimeout(timer.current), [])
  return shown
}
