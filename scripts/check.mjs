// The gate: `npm test`. Its steps run beside each other, three at a time, and none is tried again. `npm run check:lint`,
// and so on, runs one alone.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { join } from 'node:path'

import { takesNoArguments } from './command-line.mjs'

takesNoArguments('npm test')

/** A step is an npm script; some wait for another. @typedef {{ script: string, after?: string }} Step */

/** The longest come first. @type {readonly Step[]} */
const STEPS = [
  { script: 'build' },
  { script: 'check:test' },
  { script: 'check:node', after: 'build' },
  { script: 'check:lint', after: 'build' },
  { script: 'check:types', after: 'build' },
  { script: 'check:package', after: 'build' },
  { script: 'check:unused', after: 'build' },
  { script: 'check:size', after: 'build' },
  { script: 'check:format' },
]
const AT_A_TIME = 3
const MEMORY = '/dev/shm'
const MEMORY_BYTES = 2 ** 30

/** Where temporary files are in memory: objects of tests, each a database, then wait for no disk. */
function temporaryDirectory() {
  try {
    const { bavail, bsize } = statfsSync(MEMORY)
    if (bavail * bsize < MEMORY_BYTES) return undefined
    const path = mkdtempSync(join(MEMORY, 'edge-session-'))
    process.once('exit', () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }))
    return path
  } catch {
    return undefined
  }
}

/** Runs a step to its end. @param {Step} step @param {NodeJS.ProcessEnv} env */
function run({ script }, env) {
  /** @type {Promise<{ code: number | null, output: string, seconds: number }>} */
  const outcome = new Promise((resolve) => {
    const start = performance.now()
    /** @type {Buffer[]} */
    const chunks = []
    const child = spawn('npm', ['run', '--silent', script], {
      env,
      shell: process.platform === 'win32',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    children.add(child)
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => void chunks.push(chunk))
    }
    child.once('error', (error) => void chunks.push(Buffer.from(`${error.message}\n`)))
    child.once('close', (code) => {
      children.delete(child)
      const seconds = (performance.now() - start) / 1000
      resolve({ code, output: Buffer.concat(chunks).toString(), seconds })
    })
  })
  return outcome
}

/** @type {Set<import('node:child_process').ChildProcess>} */
const children = new Set()
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.once(signal, () => {
    for (const child of children) child.kill(signal)
    process.exit(1)
  })
}

const directory = temporaryDirectory()
const env = directory === undefined ? process.env : { ...process.env, TMPDIR: directory }
const start = performance.now()
/** @type {Map<string, boolean>} */
const outcomes = new Map()
const waiting = [...STEPS]

/** @param {string} line */
const say = (line) => void process.stdout.write(`${line}\n`)

/**
 * Returns what to say of a step: all that it has printed if it failed, or else by which seeds the simulation has found
 * what. @param {string} output @param {boolean} isFailed
 */
function told(output, isFailed) {
  const lines = output.split('\n')
  return isFailed ? lines : lines.filter((line) => /: seed \d/.test(line))
}

/** Takes one step after the other, until none is left. */
async function work() {
  for (;;) {
    const index = waiting.findIndex(({ after }) => after === undefined || outcomes.has(after))
    if (index === -1) return
    const [step] = waiting.splice(index, 1)
    if (step === undefined) return
    const { script, after } = step
    if (after !== undefined && outcomes.get(after) === false) {
      outcomes.set(script, false)
      say(`not run  ${script}: ${after} failed`)
      continue
    }
    // One after the other, in each of the places.
    // oxlint-disable-next-line no-await-in-loop
    const { code, output, seconds } = await run(step, env)
    outcomes.set(script, code === 0)
    say(`${code === 0 ? 'passed' : 'FAILED'} ${seconds.toFixed(1).padStart(6)} s  ${script}`)
    for (const line of told(output, code !== 0)) say(line)
  }
}

await Promise.all(Array.from({ length: AT_A_TIME }, work))
const failed = [...outcomes].filter(([, isPassed]) => !isPassed).map(([script]) => script)
say(`${((performance.now() - start) / 1000).toFixed(1)} s in all`)
if (failed.length > 0) {
  say(`Failed: ${failed.join(', ')}`)
  process.exitCode = 1
}
