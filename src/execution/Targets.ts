/** The configured targets of both modes, first choice first. */
import type * as Layer from "effect/Layer"
import type { FileContents } from "../files/FileContents.ts"
import type { Files } from "../store/Files.ts"
import type { FileLinks } from "../files/FileLinks.ts"
import type { AnswerCache } from "./direct/AnswerCache.ts"
import * as DirectExecutor from "./direct/DirectExecutor.ts"
import * as CachedExecutor from "./direct/CachedExecutor.ts"
import type { ProviderSettings } from "./direct/Providers.ts"
import * as FilesExecutor from "./files/FilesExecutor.ts"
import { Modes } from "./Modes.ts"
import type { RuntimeSettings } from "./RuntimeSettings.ts"
import * as Runtimes from "./Runtimes.ts"
import type { UpstreamHttp } from "./UpstreamHttp.ts"

export interface Settings {
  readonly runtimes: ReadonlyArray<RuntimeSettings>
  readonly providers: ReadonlyArray<ProviderSettings>
  /** Organisations whose direct answers are cached. */
  readonly cacheOrgs: ReadonlySet<string>
  /** The longest time that a provider's answer is read after its finish reason. */
  readonly longestClosingMs?: number | undefined
}

type Needs = AnswerCache | FileContents | FileLinks | Files | UpstreamHttp

export const layer = ({
  cacheOrgs,
  longestClosingMs,
  providers,
  runtimes,
}: Settings): Layer.Layer<Modes, never, Needs> =>
  Modes.layer<never, Needs>([
    ...runtimes.map((runtime) => FilesExecutor.around(Runtimes.layer(runtime))),
    ...providers.map((provider) =>
      FilesExecutor.around(
        CachedExecutor.around(DirectExecutor.layer(provider, longestClosingMs), provider, cacheOrgs),
      ),
    ),
  ])
