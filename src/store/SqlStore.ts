/** All stores of the service over one database, with their caches. */
import * as Layer from "effect/Layer"
import * as AgentsCached from "./AgentsCached.ts"
import * as AgentsSql from "./AgentsSql.ts"
import * as ApiKeysSql from "./ApiKeysSql.ts"
import * as AuditSql from "./AuditSql.ts"
import * as AutopilotsSql from "./AutopilotsSql.ts"
import * as BaselinesSql from "./BaselinesSql.ts"
import * as CohortRunsSql from "./CohortRunsSql.ts"
import * as FilesSql from "./FilesSql.ts"
import * as DeletionsSql from "./DeletionsSql.ts"
import * as ErasuresSql from "./ErasuresSql.ts"
import * as FeedbackStoreSql from "./FeedbackStoreSql.ts"
import * as ExportedMessagesSql from "./ExportedMessagesSql.ts"
import { KeyUses } from "./KeyUses.ts"
import { KnownKeys } from "./KnownKeys.ts"
import * as MessagesSql from "./MessagesSql.ts"
import * as OrgUsageSql from "./OrgUsageSql.ts"
import * as PurgeSql from "./PurgeSql.ts"
import * as ReplicasSql from "./ReplicasSql.ts"
import * as RetentionSql from "./RetentionSql.ts"
import * as RolloutStoreSql from "./RolloutStoreSql.ts"
import * as RunsCounted from "./RunsCounted.ts"
import * as RunsSql from "./RunsSql.ts"
import * as SessionListsSql from "./SessionListsSql.ts"
import * as SearchSql from "./SearchSql.ts"
import * as SessionsSql from "./SessionsSql.ts"
import * as ShadowPairsSql from "./ShadowPairsSql.ts"
import { StoreHealth } from "./StoreHealth.ts"
import * as TokenSpendSql from "./TokenSpendSql.ts"
import * as TransitionsSql from "./TransitionsSql.ts"
import * as TurnKeysSql from "./TurnKeysSql.ts"

const stores = Layer.mergeAll(
  Layer.provide(AgentsCached.layer, AgentsSql.layerSql),
  ApiKeysSql.layerSql,
  AuditSql.layerSql,
  AutopilotsSql.layerSql,
  BaselinesSql.layerSql,
  CohortRunsSql.layerSql,
  FilesSql.layerSql,
  DeletionsSql.layerSql,
  ErasuresSql.layerSql,
  PurgeSql.layerSql,
  FeedbackStoreSql.layerSql,
  ExportedMessagesSql.layerSql,
  MessagesSql.layerSql,
  ReplicasSql.layerSql,
  RetentionSql.layerSql,
  RolloutStoreSql.layerSql,
  Layer.provide(RunsCounted.layer, [OrgUsageSql.layerSql, RunsSql.layerSql]),
  OrgUsageSql.layerSql,
  SessionListsSql.layerSql,
  SearchSql.layerSql,
  SessionsSql.layerSql,
  ShadowPairsSql.layerSql,
  StoreHealth.layer,
  TokenSpendSql.layerSql,
  TransitionsSql.layerSql,
  TurnKeysSql.layerSql,
)

export const layer = Layer.mergeAll(KeyUses.layer, KnownKeys.layer).pipe(Layer.provideMerge(stores))
