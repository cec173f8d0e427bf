/** Keeps the end of a growing text in view while the reader is there. A reader who has scrolled up is left alone. */
import { useEffect, useRef, useState } from "preact/hooks"

/** A reader this near to the end is at the end. */
const nearPx = 48

export const useStickToEnd = () => {
  const box = useRef<HTMLDivElement>(null)
  const content = useRef<HTMLDivElement>(null)
  const isAtEnd = useRef(true)
  const lastTop = useRef(0)
  const [isAway, setAway] = useState(false)
  const jump = () => {
    const element = box.current
    if (element === null) return
    isAtEnd.current = true
    setAway(false)
    element.scrollTop = element.scrollHeight
  }
  const onScroll = () => {
    const element = box.current
    if (element === null) return
    const { clientHeight, scrollHeight, scrollTop } = element
    // The text may have grown since the page scrolled to its end. Only a reader scrolls up.
    if (scrollHeight - scrollTop - clientHeight < nearPx) isAtEnd.current = true
    else if (scrollTop < lastTop.current) isAtEnd.current = false
    lastTop.current = scrollTop
    setAway(!isAtEnd.current)
  }
  useEffect(() => {
    const [outer, inner] = [box.current, content.current]
    if (outer === null || inner === null) return undefined
    const observer = new ResizeObserver(() => {
      if (isAtEnd.current) outer.scrollTop = outer.scrollHeight
    })
    observer.observe(inner)
    observer.observe(outer)
    return () => observer.disconnect()
  }, [])
  const leave = () => {
    isAtEnd.current = false
  }
  return { box, content, isAway, jump, leave, onScroll }
}
