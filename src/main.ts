/** The program of `npm start`: the service, until it is stopped. */
import { cacheCompiledCode } from "./platform/CompileCache.ts"

cacheCompiledCode()
await import("./cli/StartProgram.ts")
