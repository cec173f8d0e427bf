/** Derives the settings of each stage from the environment's settings. Pure. */
import type { Limits as AdmissionLimits } from "../admission/Admission.ts"
import type { Limits as ReadLimits } from "../admission/Reads.ts"
import type { Limits as UploadLimits } from "../admission/Uploads.ts"
import type { DailyLimits } from "../admission/TokenBudgets.ts"
import type { Settings, VariableName } from "../config/Config.ts"
import * as AllowedHost from "../domain/AllowedHost.ts"
import { plainRequests } from "../domain/DirectProvider.ts"
import { presets } from "../domain/ProviderPreset.ts"
import { placesOf } from "../config/ConfigPages.ts"
import { exportsOf } from "../config/ConfigTelemetry.ts"
import type { Defaults as RolloutDefaults } from "../decision/RolloutState.ts"
import { OrgId } from "../domain/Ids.ts"
import type { TokenRules } from "../domain/TokenRules.ts"
import type { ProviderSettings } from "../execution/direct/Providers.ts"
import type { Settings as ExecutionSettings } from "../execution/Course.ts"
import type { Settings as RuntimeHealthSettings } from "../execution/RuntimeHealth.ts"
import type { RuntimeSettings } from "../execution/RuntimeSettings.ts"
import type { Settings as TargetSettings } from "../execution/Targets.ts"
import type { ProxySettings } from "../execution/UpstreamProxy.ts"
import type { ServerSettings } from "../http/Server.ts"
import type { MonitorSettings } from "../monitoring/Monitor.ts"
import type { DatabaseOptions } from "../store/Database.ts"
import type { DataKeySettings } from "../persistence/DataKeys.ts"
import type { Settings as DeletionSettings } from "../deletion/Purger.ts"
import type { Settings as RetentionSettings } from "../recording/RetentionJob.ts"
import type { Limits as QuotaLimits } from "../store/Quotas.ts"
import type { ShadowRunsSettings } from "../shadow/ShadowRuns.ts"
import type { TelemetrySettings } from "../telemetry/TelemetrySettings.ts"
import { consoleFacts } from "./ConsoleFacts.ts"
import { version } from "./Version.ts"

export const database = (settings: Settings): DatabaseOptions => ({
  databaseUrl: settings.DATABASE_URL,
  dataDir: settings.DATA_DIR,
  poolSize: settings.DATABASE_POOL_SIZE,
  statementTimeoutMs: settings.DATABASE_STATEMENT_TIMEOUT_MS,
  tls: settings.DATABASE_TLS || undefined,
})

/** Replicas with a shared database must not generate keys, because each replica would generate a different one. */
export const dataKeys = (settings: Settings): DataKeySettings => ({
  key: settings.DATA_KEY,
  previous: settings.DATA_KEYS_PREVIOUS,
  dataDir: settings.DATA_DIR,
  mayMake: settings.DATABASE_URL === undefined || settings.NODE_ENV !== "production",
})

/** `Config` has validated the hosts. */
export const mcpHosts = ({ MCP_ALLOWED_HOSTS }: Settings): AllowedHost.AllowedHosts =>
  AllowedHost.parse(MCP_ALLOWED_HOSTS) ?? AllowedHost.none

export const admission = (settings: Settings): AdmissionLimits => ({
  userTurns: settings.RATE_LIMIT_USER_PER_MIN,
  orgTurns: settings.RATE_LIMIT_ORG_PER_MIN,
  userStreams: settings.MAX_STREAMS_PER_USER,
  orgStreams: settings.MAX_STREAMS_PER_ORG,
  streams: settings.MAX_STREAMS,
})

export const tokenBudgets = (settings: Settings): DailyLimits => ({
  user: settings.TOKEN_BUDGET_USER_PER_DAY,
  org: settings.TOKEN_BUDGET_ORG_PER_DAY,
})

export const reads = (settings: Settings): ReadLimits => ({
  user: settings.RATE_LIMIT_READS_USER_PER_MIN,
  org: settings.RATE_LIMIT_READS_ORG_PER_MIN,
  answerBytes: settings.MAX_ANSWER_BYTES_IN_FLIGHT,
})

/** A message may have several files, and a turn several tries. */
const uploadsPerTurn = 4

export const uploads = (settings: Settings): UploadLimits => ({
  user: settings.RATE_LIMIT_USER_PER_MIN * uploadsPerTurn,
  org: settings.RATE_LIMIT_ORG_PER_MIN * uploadsPerTurn,
})

export const quotas = (settings: Settings): QuotaLimits => ({
  agents: settings.MAX_AGENTS_PER_ORG,
  sessions: settings.MAX_SESSIONS_PER_ORG,
  bytes: settings.MAX_STORED_MB_PER_ORG * 1024 * 1024,
})

const dayMs = 86_400_000

export const retention = (settings: Settings): RetentionSettings => ({
  eventDays: settings.RUN_EVENTS_RETENTION_DAYS,
  messages: settings.MESSAGES_RETENTION_DAYS,
})

export const deletion = (settings: Settings): DeletionSettings => ({
  graceMs: settings.DELETE_GRACE_DAYS * dayMs,
  cacheOrgs: new Set(settings.DIRECT_CACHE_ORGS),
})

/** A model streams token by token. A runtime is silent while its own model plans or writes a call (decision 29). */
const directStallMs = 30_000

export const execution = (settings: Settings): ExecutionSettings => ({
  limits: {
    firstContentMs: settings.CHAT_FIRST_CONTENT_TIMEOUT_MS,
    stallMs: settings.CHAT_STALL_TIMEOUT_MS,
    callMs: settings.CHAT_CALL_TIMEOUT_MS,
    totalMs: settings.CHAT_RUNTIME_TIMEOUT_THRESHOLD_MS,
  },
  directStallMs: settings.given.has("CHAT_STALL_TIMEOUT_MS") ? settings.CHAT_STALL_TIMEOUT_MS : directStallMs,
  retractPartial: settings.CHAT_RETRACT_PARTIAL === "true",
  fallbackOnContentFilter: settings.CHAT_FALLBACK_ON_CONTENT_FILTER === "true",
})

/** The rollout until an operator changes it. */
export const rollout = (settings: Settings): RolloutDefaults => {
  const from = (...variables: ReadonlyArray<VariableName>) =>
    variables.some((variable) => settings.given.has(variable)) ? "environment" : "default"
  const { errorRate, latencyRatio, minSamples, timeoutRate } = monitor(settings)
  return {
    isSandbox: settings.sandbox,
    settings: {
      defaultMode: settings.CHAT_EXECUTION_MODE,
      percentage: settings.CHAT_RUNTIME_PERCENT,
      enabledOrgs: [...new Set(settings.CHAT_RUNTIME_ENABLED_ORGS)].map((orgId) => OrgId.make(orgId)),
      deniedOrgs: [],
      rules: [],
      shadowPercentage: settings.CHAT_RUNTIME_SHADOW_PERCENT,
      thresholds: { errorRate, timeoutRate, latencyRatio, minSamples },
    },
    from: {
      defaultMode: from("CHAT_EXECUTION_MODE"),
      percentage: from("CHAT_RUNTIME_PERCENT"),
      enabledOrgs: from("CHAT_RUNTIME_ENABLED_ORGS"),
      deniedOrgs: "default",
      rules: "default",
      shadowPercentage: from("CHAT_RUNTIME_SHADOW_PERCENT"),
      thresholds: from(
        "CHAT_RUNTIME_ERROR_RATE_THRESHOLD",
        "CHAT_RUNTIME_TIMEOUT_RATE_THRESHOLD",
        "CHAT_RUNTIME_LATENCY_RATIO_THRESHOLD",
        "CHAT_RUNTIME_MONITOR_MIN_SAMPLES",
      ),
    },
  }
}

/** The longest times of a shadow. It also gets no more time than the turn. */
const shadowLimits = { firstContentMs: 30_000, totalMs: 120_000 }

export const shadow = (settings: Settings): ShadowRunsSettings => {
  const { limits } = execution(settings)
  return {
    limits: {
      ...limits,
      firstContentMs: Math.min(shadowLimits.firstContentMs, limits.firstContentMs),
      totalMs: Math.min(shadowLimits.totalMs, limits.totalMs),
    },
    storeTexts: settings.SHADOW_STORE_TEXT === "true",
    judge: settings.SHADOW_JUDGE_PROVIDER,
  }
}

export const monitor = (settings: Settings): MonitorSettings => ({
  windowMs: settings.CHAT_RUNTIME_MONITOR_WINDOW_MS,
  minSamples: settings.CHAT_RUNTIME_MONITOR_MIN_SAMPLES,
  errorRate: settings.CHAT_RUNTIME_ERROR_RATE_THRESHOLD,
  timeoutRate: settings.CHAT_RUNTIME_TIMEOUT_RATE_THRESHOLD,
  latencyRatio: settings.CHAT_RUNTIME_LATENCY_RATIO_THRESHOLD,
  timeoutThresholdMs: settings.CHAT_RUNTIME_TIMEOUT_THRESHOLD_MS,
  probes: settings.CHAT_RUNTIME_PROBES === "true" && settings.RUNTIME_SERVICE_URL !== "",
  providers: settings.providers.map(({ name }) => name),
})

export const tokenRules = (settings: Settings): TokenRules => ({
  issuers: settings.AUTH_ISSUER,
  operatorIssuers: settings.AUTH_OPERATOR_ISSUERS,
  audiences: settings.AUTH_AUDIENCE,
  audienceClaim: settings.AUTH_CLAIM_AUDIENCE,
  type: settings.AUTH_TYP,
  requireExpiry:
    settings.AUTH_REQUIRE_EXP === "true" ||
    (settings.AUTH_REQUIRE_EXP === "production" && settings.NODE_ENV === "production"),
  required: settings.AUTH_REQUIRED_CLAIMS,
  org: settings.AUTH_CLAIM_ORG,
  user: settings.AUTH_CLAIM_USER,
  permissions: settings.AUTH_CLAIM_PERMISSIONS,
  roles: settings.AUTH_CLAIM_ROLES,
  grants: settings.AUTH_ROLES,
})

export const server = (settings: Settings, sandbox: ServerSettings["sandbox"]): ServerSettings => ({
  auth: {
    rules: tokenRules(settings),
    previousSecrets: settings.AUTH_JWT_PREVIOUS_SECRETS,
    operatorSecrets: [
      ...(settings.AUTH_OPERATOR_SECRET === undefined ? [] : [settings.AUTH_OPERATOR_SECRET]),
      ...settings.AUTH_OPERATOR_PREVIOUS_SECRETS,
    ],
    jwksUrl: settings.AUTH_JWKS_URL,
  },
  console: consoleFacts(settings, execution(settings)),
  heartbeatMs: settings.SSE_HEARTBEAT_INTERVAL_MS,
  protocols: {
    protocol: settings.AGENT2UI_DEFAULT_PROTOCOL === "1" ? 1 : 2,
    rules: settings.AGENT2UI_PROTOCOL_BY,
  },
  places: placesOf(settings),
  sandbox,
})

/** A complete answer must end before a timeout of its attempt. */
const longestClosingMs = (settings: Settings): number => {
  const { directStallMs = Number.POSITIVE_INFINITY, limits } = execution(settings)
  return Math.min(directStallMs, limits.firstContentMs, limits.totalMs) / 2
}

export const targets = (settings: Settings): TargetSettings => ({
  runtimes: runtimes(settings),
  providers: providers(settings),
  cacheOrgs: new Set(settings.DIRECT_CACHE_ORGS),
  longestClosingMs: longestClosingMs(settings),
})

/** The configured runtime, if any. It uses its own model for agents without a model. */
export const runtimes = (settings: Settings): ReadonlyArray<RuntimeSettings> =>
  settings.RUNTIME_SERVICE_URL === ""
    ? []
    : [
        {
          protocol: settings.RUNTIME_PROTOCOL,
          baseUrl: settings.RUNTIME_SERVICE_URL,
          headers: settings.RUNTIME_HEADERS,
          agent: settings.RUNTIME_AGENT,
          history: settings.RUNTIME_AG_UI_HISTORY,
          errorPatterns: settings.RUNTIME_ERROR_PATTERNS,
          attachments: settings.RUNTIME_ATTACHMENTS.filter((kind) => kind !== "none"),
          linksFiles: settings.PUBLIC_URL !== "",
        },
      ]

export const runtimeHealth = (settings: Settings): RuntimeHealthSettings => ({
  baseUrl: settings.RUNTIME_SERVICE_URL,
  headers: settings.RUNTIME_HEADERS,
  protocol: settings.RUNTIME_PROTOCOL,
  healthPath: settings.RUNTIME_HEALTH_PATH,
})

/** An agent's model name belongs to the first provider; the others use their configured model. */
export const providers = (settings: Settings): ReadonlyArray<ProviderSettings> =>
  settings.providers.map((provider, index) => ({ ...provider, takesAgentModel: index === 0 }))

export const proxy = ({ HTTP_PROXY, HTTPS_PROXY, NO_PROXY }: Settings): ProxySettings => ({
  http: HTTP_PROXY,
  https: HTTPS_PROXY,
  except: NO_PROXY,
})

/** Replaces both upstreams with the sandbox. It runs in this process, where no proxy can reach it; webhooks use the proxy. */
export const withSandbox = (
  settings: Settings,
  urls: { readonly runtimeUrl: string; readonly modelUrl: string },
): Settings => ({
  ...settings,
  NO_PROXY: settings.NO_PROXY === "*" ? "*" : `${settings.NO_PROXY},${new URL(urls.runtimeUrl).hostname}`,
  RUNTIME_SERVICE_URL: urls.runtimeUrl,
  RUNTIME_PROTOCOL: "agent2ui",
  providers: [
    {
      name: "sandbox",
      kind: "sandbox",
      baseUrl: `${urls.modelUrl}/v1`,
      apiKey: undefined,
      model: "sandbox-1",
      ...plainRequests,
      ...presets.sandbox.requests,
    },
  ],
})

export const telemetry = (settings: Settings, instance: string): TelemetrySettings => ({
  exports: exportsOf(settings),
  instance,
  version,
  sampler: settings.OTEL_TRACES_SAMPLER,
  sampledShare: settings.OTEL_TRACES_SAMPLER_ARG,
  metricInterval: settings.OTEL_METRIC_EXPORT_INTERVAL,
  metricTimeout: settings.OTEL_METRIC_EXPORT_TIMEOUT,
  temporality:
    settings.OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE === "cumulative" ? "cumulative" : "delta",
  logRecords: {
    scheduledDelayMillis: settings.OTEL_BLRP_SCHEDULE_DELAY,
    exportTimeoutMillis: settings.OTEL_BLRP_EXPORT_TIMEOUT,
    maxQueueSize: settings.OTEL_BLRP_MAX_QUEUE_SIZE,
    maxExportBatchSize: settings.OTEL_BLRP_MAX_EXPORT_BATCH_SIZE,
  },
  logContent: settings.LOG_CONTENT === "true",
  listedOrgs: settings.METRICS_ORG_LABELS,
  takesParent: settings.OTEL_PROPAGATORS.split(",").some((name) => name.trim() === "tracecontext"),
})
