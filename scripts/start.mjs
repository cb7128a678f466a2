// Runs the demo on this machine: `npm start`, `npm start -- --port 8788` or `PORT=8788 npm start`, and `npm start -- --https`.
import { spawn } from 'node:child_process'
import { createHash, randomBytes, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { get } from 'node:http'
import { get as getSecurely } from 'node:https'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { connect } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

import { fromCommandLine, wholeNumber } from './command-line.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const WRANGLER = join(ROOT, 'node_modules', 'wrangler', 'bin', 'wrangler.js')
const DEFAULT_PORT = 8787
/** How long wrangler may take to stop its own children. */
const STOP_MS = 5000
const PARENT_CHECK_MS = 200
const FEATURES =
  '--enable-features=DeviceBoundSessions:RefreshQuota/false,EnableBoundSessionCredentialsSoftwareKeysForManualTesting'

/** Says one line, and ends the process. @param {string} message @returns {never} */
function fail(message) {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}

/** What was asked for. */
function wanted() {
  return fromCommandLine('npm start -- [--port 8788] [--https]', () => {
    const { values } = parseArgs({
      options: { port: { type: 'string' }, https: { type: 'boolean', default: false } },
    })
    const text = values.port ?? process.env['PORT'] ?? String(DEFAULT_PORT)
    const port = wholeNumber('The port', text, { least: 1, most: 65_535 })
    return { port, isHttps: values.https }
  })
}

/** Whether nobody listens there. @param {number} port @param {string} host @returns {Promise<boolean>} */
function isFree(port, host) {
  return new Promise((resolve) => {
    const server = createServer()
    // Any other fault, such as a machine without IPv6, is for wrangler to meet.
    server.once('error', (error) => resolve(!('code' in error && error.code === 'EADDRINUSE')))
    server.listen(port, host, () => server.close(() => resolve(true)))
  })
}

/** Makes the secret that signs this machine's cookies, unless there is one. @param {string} path */
async function ensureSecret(path) {
  const variables = existsSync(path) ? await readFile(path, 'utf8') : ''
  if (/^\s*(export\s+)?SESSION_SECRET\s*=\s*\S/m.test(variables)) return
  const before = variables === '' || variables.endsWith('\n') ? variables : `${variables}\n`
  const line = `SESSION_SECRET=${randomBytes(32).toString('base64url')}\n`
  await writeFile(path, before + line, { mode: 0o600 })
  // The mode above is for a new file only.
  await chmod(path, 0o600)
}

/** @param {number} port @param {boolean} isHttps */
function startWrangler(port, isHttps) {
  const node = join(ROOT, 'node_modules', '.bin', 'node')
  // Wrangler makes a certificate of its own.
  const protocol = ['--local-protocol', isHttps ? 'https' : 'http']
  const inspector = ['--inspector-port', '0']
  const quiet = ['--log-level', 'warn', '--show-interactive-dev-session=false']
  return spawn(
    existsSync(node) ? node : process.execPath,
    [WRANGLER, 'dev', '--port', String(port), ...protocol, ...inspector, ...quiet],
    {
      cwd: ROOT,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: {
        ...process.env,
        WRANGLER_SEND_METRICS: 'false',
        WRANGLER_HIDE_BANNER: 'true',
        CLOUDFLARE_CF_FETCH_ENABLED: 'false',
      },
    },
  )
}

/** Whether the demo answers, whatever its certificate is. @param {string} address @returns {Promise<boolean>} */
function answers(address) {
  return new Promise((resolve) => {
    const isSecure = address.startsWith('https:')
    // fetch takes 0.2 s more of CPU time until the page comes, beside wrangler on the same cores.
    const request = isSecure ? getSecurely(address, { rejectUnauthorized: false }) : get(address)
    request.once('error', () => resolve(false))
    request.once('response', (response) => {
      response.resume()
      resolve(true)
    })
  })
}

/** Waits until the demo answers. @param {string} address @param {() => boolean} isStopped */
async function answered(address, isStopped) {
  while (!isStopped()) {
    // One try after the other is what waiting is.
    // oxlint-disable-next-line no-await-in-loop
    if (await answers(address)) return true
    // oxlint-disable-next-line no-await-in-loop
    await wait(50)
  }
  return false
}

/**
 * What Chromium needs to bind sessions here: keys in software, and a certificate that counts as valid.
 * @param {number} port @returns {Promise<string>}
 */
async function chromiumFlags(port) {
  const socket = connect({ port, host: 'localhost', rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const { publicKey } = new X509Certificate(socket.getPeerCertificate().raw)
  socket.destroy()
  const key = publicKey.export({ type: 'spki', format: 'der' })
  const hash = createHash('sha256').update(key).digest('base64')
  return `--user-data-dir="$(mktemp -d)" ${FEATURES} --ignore-certificate-errors-spki-list=${hash}`
}

if (!existsSync(WRANGLER)) fail('wrangler is missing. Run npm install first.')

const { port, isHttps } = wanted()
const address = `${isHttps ? 'https' : 'http'}://localhost:${port}/`
const free = await Promise.all(['127.0.0.1', '::1'].map((host) => isFree(port, host)))
if (free.includes(false)) {
  fail(`Port ${port} is taken. Stop what listens there, or choose another: PORT=8788 npm start`)
}
await ensureSecret(join(ROOT, '.dev.vars'))

const wrangler = startWrangler(port, isHttps)
let isStopped = false

function stop() {
  if (isStopped) return
  isStopped = true
  wrangler.kill('SIGTERM')
  setTimeout(() => wrangler.kill('SIGKILL'), STOP_MS).unref()
}

for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
  process.on(signal, stop)
wrangler.once('exit', (code) => {
  if (!isStopped) process.exitCode = code ?? 1
  isStopped = true
})
if (process.env['npm_lifecycle_event'] !== undefined) {
  // An npm that was killed can't say so, and a shell between passes no signal on.
  const npm = process.ppid
  setInterval(() => process.ppid === npm || stop(), PARENT_CHECK_MS).unref()
}

if (await answered(address, () => isStopped)) {
  process.stdout.write(`edge-session demo: ${address}\n`)
  if (isHttps) {
    process.stdout.write(
      `To bind sessions to the device: chromium ${await chromiumFlags(port)} ${address}\n`,
    )
  }
}
