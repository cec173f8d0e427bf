/** A sub-agent's run is a call of a skill whose name has this prefix. The messages of the sub-agent belong to that call. */
const prefix = "subagent:"

export const isSubAgentSkill = (skillName: string): boolean => skillName.startsWith(prefix)

export const subAgentName = (skillName: string): string => skillName.slice(prefix.length)
