/** Runs a program as several workers behind one port, with Node's cluster: `cluster.ts WORKERS PROGRAM ARGUMENTS`. */
import cluster from "node:cluster"

const [, , workers, program, ...args] = process.argv
cluster.setupPrimary({ exec: program!, args })
for (let worker = 0; worker < Number(workers); worker++) cluster.fork()
