/** The program of the `crossfade` command. */
import { cacheCompiledCode } from "../platform/CompileCache.ts"

cacheCompiledCode()
await import("./Program.ts")
