/** The variables of a forward proxy, as other programs read them: part of the table in `Config`. */
import { optionalText, type Variable } from "./ConfigVariable.ts"

const isDecodable = (text: string): boolean => {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

const proxy = (about: string): Variable<string> => ({
  ...optionalText(
    about,
    "empty, or the address of an HTTP proxy without a path, such as http://proxy.example:3128; not SOCKS",
  ),
  secret: true,
  lowerCase: true,
  parse: (text) => {
    if (text === "") return ""
    // curl accepts an address without a scheme.
    const whole = text.includes("://") ? text : `http://${text}`
    if (!/^https?:\/\//i.test(whole) || !URL.canParse(whole)) return undefined
    const { hash, password, pathname, search, username } = new URL(whole)
    const bare = pathname === "/" && search + hash === ""
    return bare && isDecodable(username) && isDecodable(password) ? whole : undefined
  },
})

export const proxyVariables = {
  HTTP_PROXY: proxy(
    "Proxy of calls to the runtime, to providers, to webhooks and to AUTH_JWKS_URL. http_proxy goes before it. The sandbox is called directly.",
  ),
  HTTPS_PROXY: proxy("Proxy of calls to https:// addresses, through a tunnel. Empty: HTTP_PROXY."),
  NO_PROXY: {
    ...optionalText(
      "Hosts that are called directly, also 127.0.0.1 and localhost: names with all names below them, addresses, either with a port; or *.",
      "empty, or hosts separated by commas",
    ),
    lowerCase: true,
  },
}
