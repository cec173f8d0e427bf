/** The ports of the service: free, or already used by a Crossfade service. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { createServer } from "node:net"
import { success } from "../../api/Envelope.ts"
import { Readiness } from "../../api/HealthApi.ts"
import type { Settings } from "../../config/Config.ts"
import { reasonOf } from "../../domain/Reason.ts"
import type { Check } from "./Check.ts"
import { failed, type Finding, ok, warning } from "./Finding.ts"

const decodeReadiness = Schema.decodeUnknownOption(success(Readiness))

/** The reason why this process cannot listen there; undefined if it can. */
const refusal = (host: string, port: number) =>
  Effect.callback<NodeJS.ErrnoException | undefined>((resume) => {
    const server = createServer()
    server.once("error", (error) => resume(Effect.succeed(error)))
    server.listen({ host, port, exclusive: true }, () => server.close(() => resume(Effect.undefined)))
  })

/** A service that listens on every address answers on this machine's own. */
const urlOf = (host: string, port: number): string => {
  const reachable = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host
  return `http://${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`
}

const askReady = (url: string) =>
  Effect.tryPromise(async () => {
    const signal = AbortSignal.timeout(3000)
    const answer = await fetch(`${url}/api/v1/health/ready`, { redirect: "manual", signal })
    return await answer.json()
  }).pipe(
    Effect.map(decodeReadiness),
    Effect.orElseSucceed(() => Option.none()),
  )

const busyFinding = (check: string, variable: string, host: string, port: number) =>
  Effect.map(askReady(urlOf(host, port)), (found): Finding => {
    if (Option.isNone(found))
      return failed(
        check,
        `another program uses ${host}:${port}`,
        `Stop that program, or set ${variable} to a free port.`,
      )
    const { parts, ready } = found.value.data
    const states = Object.entries(parts).map(([part, { status }]) => `${part} ${status}`)
    const seen = `a Crossfade service listens at ${urlOf(host, port)}: ${states.join(", ")}`
    return ready ? ok(check, seen) : warning(check, `${seen}; it takes no turns`, "See the findings below.")
  })

const portFinding = (variable: string, host: string, port: number): Effect.Effect<Finding> =>
  Effect.flatMap(refusal(host, port), (error) => {
    const check = `port ${variable}`
    if (error === undefined)
      return Effect.succeed(ok(check, port === 0 ? "any free port" : `${host}:${port} is free`))
    if (error.code === "EADDRINUSE") return busyFinding(check, variable, host, port)
    const advice =
      error.code === "EACCES"
        ? `This user may not listen there: set ${variable} to a port above 1023.`
        : "Set HOST to an address of this machine."
    return Effect.succeed(failed(check, `cannot listen on ${host}:${port}: ${reasonOf(error)}`, advice))
  })

export const checks = ({ ADMIN_PORT, HOST, PORT }: Settings): ReadonlyArray<Check> => {
  const check = (variable: string, port: number): Check => ({
    name: `port ${variable}`,
    run: Effect.map(portFinding(variable, HOST, port), (finding) => [finding]),
  })
  return [check("PORT", PORT), ...(ADMIN_PORT === null ? [] : [check("ADMIN_PORT", ADMIN_PORT)])]
}
