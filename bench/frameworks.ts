// Compares the page of an application of examples/frameworks/ that reads the session with the same page, in the same
// framework, of which the session is a signed cookie and one object by hand: npm run bench:frameworks [-- hono astro --rounds 90]
import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

import { fromCommandLine, oneOf, wholeNumber } from '../scripts/command-line.mjs'
import { type App, buildApp, findApps, removeApp, runScript } from '../test/frameworks/apps.ts'
import { newArchive } from '../test/package/application.ts'
import { bundleOfFile } from './bundle.ts'
import type { Contender } from './contenders.ts'
import { Loader } from './loader.ts'
import { markdown } from './summary.ts'
import { underLoad } from './under-load.ts'

/** The pages with a session by hand. They are copied over an application. */
const BY_HAND = fileURLToPath(new URL('frameworks', import.meta.url))
/** Where each framework's build puts the Worker. */
const BUILT: Readonly<Record<string, string>> = {
  astro: 'dist/server/entry.mjs',
  hono: 'dist/index.js',
}
const REQUIRED = 0.9

const { names, rounds } = fromCommandLine(
  'npm run bench:frameworks -- [hono astro] [--rounds 90]',
  () => {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { rounds: { type: 'string', default: '90' } },
    })
    const known = Object.keys(BUILT)
    return {
      names:
        positionals.length === 0
          ? known
          : positionals.map((name) => oneOf('application', name, known)),
      rounds: wholeNumber('--rounds', values.rounds, { least: 1 }),
    }
  },
)

/** Signs a visitor in, who then sees the page once: it takes the message away. Returns the Cookie header. */
async function newCookie(port: number): Promise<string> {
  const origin = `http://127.0.0.1:${port}`
  const signedIn = await fetch(`${origin}/sign-in`, {
    method: 'POST',
    headers: { Origin: origin.replace('http', 'https'), 'X-Forwarded-Proto': 'https' },
    body: new URLSearchParams({ user: 'ada' }),
    redirect: 'manual',
  })
  const cookies = signedIn.headers.getSetCookie().map((cookie) => cookie.split(';')[0])
  const headers = { Cookie: cookies.join('; '), 'X-Forwarded-Proto': 'https' }
  const page = await (await fetch(origin, { headers })).text()
  if (!page.includes('Signed in: ada'))
    throw new Error(`No one is signed in on this page:\n${page}`)
  return cookies.join('; ')
}

/** Builds the application as it is, and with the session by hand. */
async function contendersOf(app: App, archive: string): Promise<Contender[]> {
  const directory = await buildApp(app, archive)
  const contenderOf = async (name: string): Promise<Contender> => ({
    name,
    source: app.name,
    code: await bundleOfFile(join(directory, BUILT[app.name] ?? '')),
    paths: { read: '/' },
    newCookie,
  })
  const ours = await contenderOf('edge-session')
  await cp(join(BY_HAND, app.name), directory, { recursive: true })
  await cp(join(BY_HAND, 'by-hand.ts'), join(directory, 'src/by-hand.ts'))
  await rm(join(directory, 'dist'), { recursive: true })
  await runScript(directory, 'build')
  const floor = await contenderOf('floor')
  await removeApp(directory)
  return [floor, ours, { ...floor, name: 'floor again' }]
}

const archive = await newArchive()
const loader = new Loader()
const rows: string[][] = []
let isReached = true
const apps = (await findApps()).filter(({ name }) => names.includes(name))
for (const app of apps) {
  // One after the other, so that none disturbs another.
  // oxlint-disable no-await-in-loop
  const { results, noise } = await underLoad(await contendersOf(app, archive), ['read'], loader, {
    rounds,
    mostRounds: rounds * 3,
    milliseconds: 100,
    sessions: 300,
    connections: 16,
    under: '/dev/shm',
  })
  // oxlint-enable no-await-in-loop
  for (const { contender, rate, ratio, fastestRatio, cpuRatio, cpuMicroseconds } of results) {
    rows.push([
      app.title,
      contender.replace('floor', 'by hand'),
      fastestRatio.toFixed(2),
      `${ratio.median.toFixed(2)} (${ratio.min.toFixed(2)}–${ratio.max.toFixed(2)})`,
      cpuRatio.toFixed(2),
      rate.median.toFixed(0),
      cpuMicroseconds.toFixed(0),
      String(noise.read?.rounds),
    ])
    if (contender === 'edge-session' && fastestRatio < REQUIRED) isReached = false
  }
}
const header = [
  'framework',
  'session',
  'ratio, fastest sixth',
  'median (min–max)',
  'by CPU time',
  'requests/s',
  'CPU µs',
  'rounds',
]
process.stdout.write(`${markdown(header, rows)}\n\nrequired: ${REQUIRED}\n`)
loader.end()
process.exit(isReached ? 0 : 1)
