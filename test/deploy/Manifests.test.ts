/** The files of `docs/deploy` against the program, and against each other. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { readdirSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { describe, expect, it } from "vitest"
import { Api } from "../../src/api/Api.ts"
import * as Config from "../../src/config/Config.ts"
import { all } from "../../src/telemetry/Metrics.ts"
import { instructions } from "../support/dockerfile.ts"
import { testOperatorSecret, testSecret } from "../support/processes.ts"
import {
  assignments,
  compose,
  config,
  container,
  folder,
  gateways,
  inUnit,
  manifest,
  pod,
  read,
  seconds,
} from "./deployFiles.ts"

const { variables } = Config

type Environment = Readonly<Record<string, string>>

const pairs = (text: string): Environment =>
  Object.fromEntries(text.split(" ").map((pair) => pair.split("=") as [string, string]))

const ofImage = pairs(instructions(read("Dockerfile")).find(({ name }) => name === "ENV")?.rest ?? "")

/** The environment that each deployment gives to the gateway. */
const environments: Readonly<Record<string, Environment>> = {
  ...Object.fromEntries(
    gateways.map(([name, { environment }]) => [
      name,
      { ...ofImage, ...(environment as unknown as Environment) },
    ]),
  ),
  kubernetes: { ...ofImage, ...config, ...manifest("secret.example").stringData },
  systemd: { ...pairs(inUnit("Environment").join(" ")), ...assignments("systemd/crossfade.env.example") },
}

/** As compose resolves `${NAME:-else}` and `${NAME:?message}`. */
const filledIn = (given: Environment): Environment => {
  const values = assignments(".env.example")
  const fill = (text: string) =>
    text.replace(/\$\{(\w+)(?::-([^}]*)|:\?[^}]*)?\}/g, (_, name, or) => values[name] || or || "")
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, fill(value)]))
}

const startsWith = (env: Environment) => Effect.runPromiseExit(Config.read(env))

describe("the gateway's environment", () => {
  it.each(Object.entries(environments))(
    "by %s is complete for production, but for the secrets",
    async (_, given) => {
      const env = filledIn(given)
      for (const name of Object.keys(env)) expect(variables).toHaveProperty(name)
      expect(env).toMatchObject({ NODE_ENV: "production", SHUTDOWN_GRACE_MS: "60000" })
      const fake = await startsWith(env)
      expect(Exit.isFailure(fake) && String(fake.cause)).toMatch(
        /3 problems\)[^]*DATA_KEY[^]*AUTH_JWT_SECRET[^]*AUTH_OPERATOR_SECRET/,
      )
      const made = {
        DATA_KEY: testSecret,
        AUTH_JWT_SECRET: testSecret,
        AUTH_OPERATOR_SECRET: testOperatorSecret,
      }
      expect(Exit.isSuccess(await startsWith({ ...env, ...made }))).toBe(true)
    },
  )

  it("never loads a file with real secrets", () => {
    for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
      expect(basename(file)).not.toMatch(/^(\.env|secrets?\.(env|yaml)|crossfade\.env)$/)
    }
  })

  it("from compose matches `.env.example`, and has no other variable", () => {
    const named = Array.from(read("compose.yaml").matchAll(/\$\{([A-Z_]+)/g), ([, name = ""]) => name)
    expect(new Set(named)).toEqual(new Set(Object.keys(assignments(".env.example"))))
  })
})

describe("the stop timeout", () => {
  const graceMs = (given: Readonly<Record<string, unknown>>) =>
    Number(given["SHUTDOWN_GRACE_MS"] ?? variables.SHUTDOWN_GRACE_MS.default)
  /** For informing the remaining readers, and flushing telemetry. */
  const afterwards = 10

  it("under compose and systemd is longer than the shutdown grace of runs", () => {
    expect(gateways).toHaveLength(3)
    for (const [, { environment, stop_grace_period: grace }] of gateways) {
      expect(seconds(grace as unknown as string)).toBeGreaterThanOrEqual(
        graceMs(environment!) / 1000 + afterwards,
      )
    }
    expect(Number(inUnit("TimeoutStopSec")[0])).toBeGreaterThanOrEqual(
      graceMs(environments["systemd"]!) / 1000 + afterwards,
    )
    expect(inUnit("KillSignal")).toEqual(["SIGTERM"])
  })

  it("under Kubernetes is longer than the load balancers' delay plus the shutdown grace of runs", () => {
    const before = container.lifecycle.preStop.sleep.seconds as number
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(
      before + graceMs(config) / 1000 + afterwards,
    )
    const { failureThreshold, periodSeconds } = container.readinessProbe
    expect(before).toBeGreaterThanOrEqual(failureThreshold * periodSeconds)
  })

  it("is no shorter in nginx for its streams, and heartbeats keep a silent stream open", () => {
    const nginx = read("nginx.conf")
    const value = (name: string) => Number(new RegExp(`\\b${name} (\\d+)s;`).exec(nginx)?.[1])
    const heartbeat = Number(variables.SSE_HEARTBEAT_INTERVAL_MS.default) / 1000
    expect(value("proxy_read_timeout")).toBeGreaterThan(2 * heartbeat)
    expect(value("worker_shutdown_timeout")).toBeGreaterThan(
      Number(variables.CHAT_RUNTIME_TIMEOUT_THRESHOLD_MS.default) / 1000,
    )
    expect(seconds(compose.services.nginx.stop_grace_period)).toBeGreaterThanOrEqual(
      seconds(gateways[0]![1].stop_grace_period as unknown as string),
    )
  })
})

describe("the addresses", () => {
  it("are routes of the program for health checks: liveness for restarts, readiness for traffic", () => {
    const { live, ready } = Api.groups.health.endpoints
    const path = (text: string) => text.replace(/\/$/, "")
    for (const probe of ["startupProbe", "livenessProbe"])
      expect(container[probe].httpGet.path).toBe(path(live.path))
    expect(container.readinessProbe.httpGet.path).toBe(path(ready.path))
    const dockerfile = instructions(read("Dockerfile")).find(({ name }) => name === "HEALTHCHECK")?.rest
    expect(dockerfile).toContain(`${path(live.path)}\``)
    expect(compose.services.nginx.healthcheck.test.at(-1)).toMatch(new RegExp(`${path(live.path)}$`))
  })

  it("are the same for the gateways in every file", () => {
    const port = Number(variables.PORT.default)
    const servers = Array.from(read("nginx.conf").matchAll(/server (gateway-\d):(\d+)/g), ([, name, at]) => [
      name,
      at,
    ])
    expect(servers).toEqual(gateways.map(([name]) => [name, String(port)]))
    expect(container.ports).toEqual([{ name: "http", containerPort: port }])
    expect(manifest("service").spec.ports[0].targetPort).toBe("http")
    expect(manifest("network-policy").spec.ingress[0].ports).toEqual([{ port: "http" }])
    expect(instructions(read("Dockerfile")).find(({ name }) => name === "EXPOSE")?.rest).toBe(String(port))
    const fixed = compose.networks.default.ipam.config[0].subnet.replace("0/24", "")
    const own = gateways.map(([, { networks }]) => (networks as never)["default"]["ipv4_address"] as string)
    expect(new Set(own).size).toBe(3)
    for (const address of own) expect(address.startsWith(fixed)).toBe(true)
  })

  it("select the pods by their labels, in every selector", () => {
    const { labels } = manifest("deployment").spec.template.metadata
    expect(manifest("deployment").spec.selector.matchLabels).toEqual(labels)
    expect(manifest("service").spec.selector).toEqual(labels)
    expect(manifest("disruption-budget").spec.selector.matchLabels).toEqual(labels)
    expect(manifest("network-policy").spec.podSelector.matchLabels).toEqual(labels)
    expect(manifest("autoscaler").spec.scaleTargetRef.name).toBe(manifest("deployment").metadata.name)
    for (const { configMapRef, secretRef } of container.envFrom) {
      expect((configMapRef ?? secretRef).name).toBe("crossfade")
    }
  })
})

describe("the limits", () => {
  it("leave spare room in a replica, and never let all replicas stop at once", () => {
    const { maxReplicas, metrics, minReplicas } = manifest("autoscaler").spec
    expect(Number(metrics[0].pods.target.averageValue)).toBeLessThan(Number(config["MAX_STREAMS"]))
    expect(manifest("disruption-budget").spec.maxUnavailable).toBeLessThan(minReplicas)
    expect(maxReplicas).toBeGreaterThan(minReplicas)
    expect(manifest("deployment").spec.replicas).toBeUndefined()
    const metric = metrics[0].pods.metric.name as string
    expect(all.map(({ name }) => name)).toContain(metric)
  })

  it("allow no container root, capabilities, or writes outside the listed volumes", () => {
    expect(pod.securityContext.runAsNonRoot).toBe(true)
    expect(container.securityContext).toEqual({
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
    })
    const user = instructions(read("Dockerfile")).find(({ name }) => name === "USER")?.rest
    expect(user).toBe(`${pod.securityContext.runAsUser}:${pod.securityContext.runAsGroup}`)
    for (const service of [...gateways.map(([, gateway]) => gateway), compose.services.nginx]) {
      expect(service).toMatchObject({
        read_only: true,
        cap_drop: ["ALL"],
        security_opt: ["no-new-privileges:true"],
      })
    }
  })
})

describe("uploaded files", () => {
  const dataDir = ofImage["DATA_DIR"]

  it("are in a volume that all gateways of compose share", () => {
    for (const [, gateway] of gateways) expect(gateway).toMatchObject({ volumes: [`files:${dataDir}`] })
    expect(compose.volumes).toHaveProperty("files")
  })

  it("are in a bucket under Kubernetes, because the pods have no writable data folder", () => {
    expect(config["FILES_S3_ENDPOINT"]).toMatch(/^https:/)
    expect(container.volumeMounts.map(({ mountPath }: { mountPath: string }) => mountPath)).not.toContain(
      dataDir,
    )
  })

  it("are in the state directory under systemd", () => {
    expect(environments["systemd"]?.["DATA_DIR"]).toBe(`/var/lib/${inUnit("StateDirectory")[0]}`)
  })
})

describe("the page", () => {
  it("mentions every file of the folder", () => {
    const page = read("README.md")
    const files = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((file) => file.isFile() && file.name !== "README.md")
      .map((file) => join(file.parentPath, file.name).slice(folder.length + 1))
    expect(files.length).toBeGreaterThan(10)
    const silent = files.filter(
      (file) => !page.includes(basename(file)) && !page.includes(`(${dirname(file)}/`),
    )
    expect(silent).toEqual([])
  })
})
