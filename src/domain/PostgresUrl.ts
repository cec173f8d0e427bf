/**
 * Reads a connection URI of PostgreSQL as libpq does, which differs from WHATWG URLs: several hosts, a socket's
 * folder as the host, no host before `?host=`. A parameter that libpq supports and this service does not is refused
 * by name, never ignored (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS). Pure; a
 * problem never repeats the password.
 */
import * as Result from "effect/Result"

export const sslModes = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] as const
export type SslMode = (typeof sslModes)[number]

export interface Host {
  /** A name, an address, or the folder of a socket, which starts with "/". */
  readonly host: string
  readonly port: number
}

export interface PostgresUrl {
  /** In the order of the connection attempts. */
  readonly hosts: readonly [Host, ...Array<Host>]
  readonly user: string | undefined
  readonly password: string | undefined
  readonly database: string | undefined
  readonly applicationName: string | undefined
  readonly options: string | undefined
  /** 0 means no limit. */
  readonly connectTimeoutSeconds: number | undefined
  readonly sslMode: SslMode | undefined
  readonly rootCertificate: string | undefined
  readonly certificate: string | undefined
  readonly key: string | undefined
  /** True to accept only a server that accepts writes. */
  readonly isReadWrite: boolean
}

/** Parameters with an effect here. */
const known = [
  "host",
  "port",
  "user",
  "password",
  "dbname",
  "application_name",
  "fallback_application_name",
  "options",
  "connect_timeout",
  "sslmode",
  "sslrootcert",
  "sslcert",
  "sslkey",
  "target_session_attrs",
] as const
type Known = (typeof known)[number]

/** Parameters of which only these values, equal to the default, can be supported. */
const only: Readonly<Record<string, ReadonlyArray<string>>> = {
  channel_binding: ["prefer", "disable"],
  gssencmode: ["prefer", "disable"],
  sslnegotiation: ["postgres"],
  load_balance_hosts: ["disable"],
  client_encoding: ["UTF8", "utf8", "UTF-8", "auto"],
}

const targets: ReadonlyMap<string | undefined, boolean> = new Map([
  [undefined, false],
  ["any", false],
  ["read-write", true],
  ["primary", true],
])

export const forms =
  "postgres://user:password@host:port/database?name=value, with several hosts as host1:port1,host2:port2 and a socket's folder as ?host=/folder"

type Read<A> = Result.Result<A, string>

const decoded = (text: string, what: string): Read<string> => {
  try {
    const plain = decodeURIComponent(text)
    return plain.includes("\0") ? Result.fail(`its ${what} holds a NUL`) : Result.succeed(plain)
  } catch {
    return Result.fail(`its ${what} has a % that begins no percent-encoding (write %25 for the sign itself)`)
  }
}

/** Reads the whole URI, or describes its problem. */
export const parse = (text: string): Read<PostgresUrl> =>
  Result.gen(function* () {
    const [, rest] = /^postgres(?:ql)?:\/\/(.*)$/s.exec(text) ?? []
    if (rest === undefined) return yield* Result.fail("it begins with neither postgres:// nor postgresql://")
    const [, authority = "", path = "", query = ""] = /^([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/s.exec(rest) ?? []
    const at = authority.lastIndexOf("@")
    const [user = "", ...password] = at < 0 ? [] : authority.slice(0, at).split(":")
    const places = yield* placesOf(authority.slice(at + 1))
    const given = yield* parametersOf(query)
    const value = (name: Known): string | undefined => given.get(name) || undefined
    const hosts = yield* hostsOf(value("host") ?? places.hosts, value("port") ?? places.ports)
    const attributes = value("target_session_attrs")
    const isReadWrite = targets.get(attributes)
    if (isReadWrite === undefined)
      return yield* Result.fail(`target_session_attrs=${attributes} (allowed: any, read-write, primary)`)
    return {
      hosts,
      user: value("user") ?? ((yield* decoded(user, "user")) || undefined),
      password: value("password") ?? ((yield* decoded(password.join(":"), "password")) || undefined),
      database: value("dbname") ?? ((yield* decoded(path, "database")) || undefined),
      applicationName: value("application_name") ?? value("fallback_application_name"),
      options: value("options"),
      connectTimeoutSeconds: yield* secondsOf(value("connect_timeout")),
      sslMode: yield* sslModeOf(value("sslmode")),
      rootCertificate: value("sslrootcert"),
      certificate: value("sslcert"),
      key: value("sslkey"),
      isReadWrite,
    }
  })

const defaultPort = "5432"
const isPort = (text: string): boolean =>
  /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535
const encode = "a port is a number from 1 to 65535; percent-encode : / ? @ in a password"

/** The hosts and ports of the authority, as lists with commas like the parameters of these names. */
const placesOf = (text: string): Read<{ readonly hosts: string; readonly ports: string }> =>
  Result.gen(function* () {
    const hosts: Array<string> = []
    const ports: Array<string> = []
    for (const place of text.split(",")) {
      const [, address, name = "", port = ""] = /^(?:\[([^\]]+)\]|([^:[\]]*))(?::(.*))?$/s.exec(place) ?? []
      const isRead = address !== undefined || name !== "" || place === "" || port !== ""
      if (!isRead || !isPort(port || defaultPort))
        return yield* Result.fail(`its host and port cannot be read (${encode})`)
      hosts.push(address ?? (yield* decoded(name, "host")))
      ports.push(port)
    }
    return { hosts: hosts.join(","), ports: ports.join(",") }
  })

const hostsOf = (hostText: string, portText: string): Read<PostgresUrl["hosts"]> =>
  Result.gen(function* () {
    const names = hostText.split(",")
    const ports = portText.split(",")
    if (ports.length !== 1 && ports.length !== names.length)
      return yield* Result.fail(`it has ${names.length} hosts and ${ports.length} ports`)
    const hosts: Array<Host> = []
    for (const [place, host] of names.entries()) {
      if (host === "") return yield* Result.fail("it names no host")
      const port = (ports.length === 1 ? ports[0] : ports[place]) || defaultPort
      if (!isPort(port)) return yield* Result.fail("a port is no number from 1 to 65535")
      hosts.push({ host, port: Number(port) })
    }
    const [first, ...others] = hosts
    return first === undefined ? yield* Result.fail("it names no host") : [first, ...others]
  })

const parametersOf = (query: string): Read<ReadonlyMap<string, string>> =>
  Result.gen(function* () {
    const given = new Map<string, string>()
    for (const pair of query === "" ? [] : query.split("&")) {
      const equals = pair.indexOf("=")
      if (equals < 1) return yield* Result.fail("a parameter has no name or no =")
      const name = yield* decoded(pair.slice(0, equals), "parameter")
      const value = yield* decoded(pair.slice(equals + 1), name)
      // From JDBC; libpq accepts it too.
      if (name === "ssl" && value === "true") given.set("sslmode", "require")
      else if (known.some((one) => one === name)) given.set(name, value)
      else yield* harmless(name, value)
    }
    return given
  })

const harmless = (name: string, value: string): Read<void> => {
  const allowed = Object.hasOwn(only, name) ? only[name] : undefined
  if (allowed === undefined)
    return Result.fail(
      `it has the parameter ${name} (allowed: ${[...known, ...Object.keys(only)].join(", ")})`,
    )
  return allowed.includes(value)
    ? Result.succeed(undefined)
    : Result.fail(`${name}=${value} cannot be honoured (allowed: ${allowed.join(", ")})`)
}

const secondsOf = (text: string | undefined): Read<number | undefined> => {
  if (text === undefined) return Result.succeed(undefined)
  return /^-?\d{1,6}$/.test(text)
    ? Result.succeed(Math.max(0, Number(text)))
    : Result.fail("connect_timeout is no whole number of seconds")
}

const sslModeOf = (text: string | undefined): Read<SslMode | undefined> => {
  const mode = sslModes.find((one) => one === text)
  return mode === undefined && text !== undefined
    ? Result.fail(`sslmode=${text} (allowed: ${sslModes.join(", ")})`)
    : Result.succeed(mode)
}
