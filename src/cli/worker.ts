/** The program of one worker. The primary starts it. */
import { cacheCompiledCode } from "../platform/CompileCache.ts"

cacheCompiledCode()
await import("./WorkerProgram.ts")
