/** The exit codes of the command line. Scripts depend on them, and docs/reference/cli.md prints this table. */
export const exitCodes = {
  ok: { code: 0, meaning: "The command did its work." },
  failed: { code: 1, meaning: "The service or the command refused, or the work failed." },
  usage: {
    code: 2,
    meaning:
      "The command line is wrong: a command, a flag, a value or the name of an organisation. Nothing was changed.",
  },
  unreachable: { code: 3, meaning: "No service answered at the address. The same command can work later." },
  interrupted: { code: 130, meaning: "Ctrl-C or a signal ended the command before its end." },
} as const
