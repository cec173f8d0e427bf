/** Addresses that a model or an agent gave, by the way in which the page may use them. Pure. */
export type Address =
  /** Bytes in the address itself. */
  | { readonly kind: "data"; readonly url: string }
  /** A file of this gateway, which needs the token. */
  | { readonly kind: "own"; readonly path: string }
  /** Another host: only a click of the user opens it. */
  | { readonly kind: "link"; readonly url: string }
  | { readonly kind: "refused" }

/** The page reads no other route for a model: a read may be audited, may never end, and counts against the user's rate. */
const fileRoute = /^\/api\/v1\/(?:chat\/runs\/[\w-]+\/files|files)\/[^/]+$/

export const addressOf = (text: string, origin: string): Address => {
  if (/^data:/i.test(text)) return { kind: "data", url: text }
  const url = URL.canParse(text, origin) ? new URL(text, origin) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) return { kind: "refused" }
  if (url.origin !== origin) return { kind: "link", url: url.href }
  return fileRoute.test(url.pathname) ? { kind: "own", path: url.pathname + url.search } : { kind: "refused" }
}

/** An image that the browser may show from its data URL. */
export const isImageData = (url: string): boolean =>
  /^data:image\/(png|jpe?g|gif|webp|avif|bmp|svg\+xml)[;,]/i.test(url)

/** The route that creates a link to the file of a run; undefined for another route. */
export const ticketRouteOf = (path: string): string | undefined =>
  /^\/api\/v1\/chat\/runs\/[^/?]+\/files\/[^/?]+$/.test(path) ? `${path}/ticket` : undefined
