/** The addresses that browsers and upstreams use for this service. Pure. */
import type { Settings } from "../../config/Config.ts"
import { type Finding, ok, warning } from "./Finding.ts"

const isLoopback = (hostname: string): boolean =>
  hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.")

const publicUrl = (settings: Settings): Finding => {
  const { NODE_ENV, PUBLIC_URL, RUNTIME_ATTACHMENTS, RUNTIME_PROTOCOL, RUNTIME_SERVICE_URL } = settings
  const check = "PUBLIC_URL"
  if (PUBLIC_URL === "") {
    const needsLinks =
      RUNTIME_SERVICE_URL !== "" && RUNTIME_PROTOCOL === "agent2ui" && !RUNTIME_ATTACHMENTS.includes("none")
    return needsLinks
      ? warning(
          check,
          "not set, so no message with files goes to the runtime",
          "Set PUBLIC_URL to the address of this service that the runtime can reach, or RUNTIME_ATTACHMENTS=none.",
        )
      : ok(check, "not set; upstreams get the bytes of files")
  }
  const { hostname, origin, protocol } = new URL(PUBLIC_URL)
  if (NODE_ENV !== "production") return ok(check, origin)
  if (isLoopback(hostname))
    return warning(
      check,
      `${origin} is this machine`,
      "Set the address that runtimes and providers can reach.",
    )
  return protocol === "http:"
    ? warning(check, `${origin} is not encrypted, and links to files pass there`, "Use https://.")
    : ok(check, origin)
}

const cors = ({ CORS_ALLOWED_ORIGINS, NODE_ENV }: Settings): Finding => {
  const check = "CORS"
  if (CORS_ALLOWED_ORIGINS.length === 0) return ok(check, "no page of another origin may call the API")
  const plain = CORS_ALLOWED_ORIGINS.filter((origin) => origin.startsWith("http://"))
  const shown = CORS_ALLOWED_ORIGINS.slice(0, 5).join(", ")
  const more = CORS_ALLOWED_ORIGINS.length > 5 ? ` and ${CORS_ALLOWED_ORIGINS.length - 5} more` : ""
  return NODE_ENV === "production" && plain.length > 0
    ? warning(
        check,
        `${plain.slice(0, 5).join(", ")} may call the API without encryption`,
        "Remove it from CORS_ALLOWED_ORIGINS, or use https://.",
      )
    : ok(check, `pages of ${shown}${more} may call the API`)
}

export const addresses = (settings: Settings): ReadonlyArray<Finding> => [publicUrl(settings), cors(settings)]
