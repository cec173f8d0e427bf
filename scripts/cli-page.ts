/** `docs/reference/cli.md`: the commands of `crossfade`, from the descriptions that `--help` prints. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import type { ArgDoc, FlagDoc, HelpDoc } from "effect/cli/HelpDoc"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { crossfade } from "../src/cli/Commands.ts"
import { exitCodes } from "../src/cli/ExitCode.ts"

const helpOf = (path: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<HelpDoc>> => {
  const found: Array<HelpDoc> = []
  const presenter = CliOutput.layerPresenter({
    present: (event) => Effect.sync(() => void (event._tag === "Help" && found.push(event.helpDoc))),
  })
  return Command.runWith(crossfade, { version: "" })([...path, "--help"]).pipe(
    Effect.orDie,
    Effect.as(found),
    Effect.provide([presenter, NodeServices.layer, NodeCrypto.layerSecureRandom]),
  )
}

const textOf = (description: Option.Option<string>): string =>
  Option.getOrElse(description, () => "").replaceAll("|", "\\|")

const name = ({ aliases, name, type }: FlagDoc): string =>
  `\`--${name}${type === "boolean" ? "" : ` ${type}`}\`${aliases.map((alias) => `, \`${alias}\``).join("")}`

const argumentRow = ({ description, name, required, variadic }: ArgDoc): string =>
  `| \`${name}\`${variadic ? " …" : ""} | ${required ? "yes" : ""} | ${textOf(description)} |`

const flagRow = (flag: FlagDoc): string =>
  `| ${name(flag)} | ${flag.required ? "yes" : ""} | ${textOf(flag.description)} |`

/** The flags of each command that calls a service; the page has them once. */
const ofService = new Set(["url", "token", "profile", "json"])

const permissionsOf = (flags: ReadonlyArray<FlagDoc>): string | undefined => {
  const token = flags.find((flag) => flag.name === "token")
  return token === undefined ? undefined : /^A token with (.*) \(default/.exec(textOf(token.description))?.[1]
}

const section = (doc: HelpDoc): string => {
  const { args = [], examples = [], flags } = doc
  const permissions = permissionsOf(flags)
  const own = permissions === undefined ? flags : flags.filter((flag) => !ofService.has(flag.name))
  const rows = [...args.map(argumentRow), ...own.map(flagRow)]
  return [
    `### ${(doc.commandPath ?? []).join(" ")}`,
    doc.description,
    ...(permissions === undefined ? [] : [`Calls a service. The token needs ${permissions}.`]),
    ...(rows.length === 0
      ? []
      : [["| argument or flag | required | description |", "| --- | --- | --- |", ...rows].join("\n")]),
    ...(examples.length === 0
      ? []
      : [
          [
            "```text",
            ...examples.flatMap(({ command, description }) => [
              ...(description === undefined ? [] : [`# ${description}`]),
              command,
            ]),
            "```",
          ].join("\n"),
        ]),
  ].join("\n\n")
}

const sectionsOf = (path: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<string>> =>
  Effect.gen(function* () {
    const [doc] = yield* helpOf(path)
    if (doc === undefined) return []
    const names = (doc.subcommands ?? []).flatMap(({ commands }) => commands.map((command) => command.name))
    const below = yield* Effect.forEach(names, (name) => sectionsOf([...path, name]))
    const isGroup = names.length > 0 && (doc.examples ?? []).length === 0
    return [...(path.length === 0 || isGroup ? [] : [section(doc)]), ...below.flat()]
  })

const opening = `# Command line

The commands of \`crossfade\`, from their own descriptions. \`npx crossfade <command> --help\` prints the same. [Decision 53](../decisions/0053-command-line.md)
has the reasons.

## Services, profiles and tokens

Commands that call a service have these flags. A flag wins over the environment, the environment over the profile, and that over the default. A profile
that \`--profile\` names counts as a flag. The token of a profile is sent to the address of that profile only.

| flag | environment | profile | default |
| --- | --- | --- | --- |
| \`--url\` | \`CROSSFADE_URL\` | yes | \`http://localhost:3001\` |
| \`--token\` | \`CROSSFADE_TOKEN\` | yes | |
| \`--profile\` | | | \`default\` |

\`crossfade login\` stores a profile in \`$XDG_CONFIG_HOME/crossfade/profiles.json\`, by default \`~/.config/crossfade/profiles.json\`, for its owner only. It
reads the token from standard input or asks for it, so that no history of a shell stores it. A flag \`--token\` is visible to other users of the machine.

## Output

- Standard output has the result, standard error everything else.
- \`--json\` prints one JSON document, with the fields of the API and times in ISO 8601. \`chat\`, \`watch\` and \`sessions export\` print one a line.
- A command that changes the service shows the change and asks. \`--yes\` (\`-y\`) answers. Without a terminal \`--yes\` is required.
- \`NO_COLOR\` turns colours off. They are off in pipes.
- \`source <(npx crossfade --completions bash)\` completes commands in bash. There are also \`zsh\`, \`fish\` and \`powershell\`.

## Exit codes`

const codes = [
  "| code | meaning |",
  "| --- | --- |",
  ...Object.values(exitCodes).map(({ code, meaning }) => `| ${code} | ${meaning} |`),
].join("\n")

export const commandLine: Effect.Effect<string> = Effect.map(
  sectionsOf([]),
  (sections) => `${[opening, codes, "## Commands", ...sections].join("\n\n")}\n`,
)
