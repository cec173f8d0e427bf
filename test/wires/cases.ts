/** All wire cases, in the order of the page. */
import { casesOfAgUi } from "./casesOfAgUi.ts"
import { casesOfLangGraph } from "./casesOfLangGraph.ts"
import { casesOfEnds } from "./casesOfEnds.ts"
import { casesOfFinishes } from "./casesOfFinishes.ts"
import { casesOfOddChunks } from "./casesOfOddChunks.ts"
import { casesOfRefusals } from "./casesOfRefusals.ts"
import { casesOfResponses } from "./casesOfResponses.ts"
import { casesOfRuntime } from "./casesOfRuntime.ts"
import { casesOfServers } from "./casesOfServers.ts"
import type { WireCase } from "./WireCase.ts"

export const wireCases: ReadonlyArray<WireCase> = [
  ...casesOfEnds,
  ...casesOfFinishes,
  ...casesOfOddChunks,
  ...casesOfRefusals,
  ...casesOfServers,
  ...casesOfRuntime,
  ...casesOfAgUi,
  ...casesOfLangGraph,
  ...casesOfResponses,
]
