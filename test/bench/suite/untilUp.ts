/** Runs a program that says nothing when it is ready, and prints `up` when its address answers: `untilUp.ts URL PROGRAM ARGUMENTS`. */
import { spawn } from "node:child_process"
import { setTimeout as sleep } from "node:timers/promises"

const [, , url, program, ...args] = process.argv
const child = spawn(program!, args, { stdio: "inherit" })
child.once("exit", (code) => process.exit(code ?? 1))
const answers = () =>
  fetch(url!).then(
    ({ ok }) => ok,
    () => false,
  )
while (!(await answers())) await sleep(200)
console.log("up")
