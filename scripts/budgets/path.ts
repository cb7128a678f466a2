// Prints the files on the path of each work as JSON. A process of its own: V8 counts reliably only what was never optimized.
import { Session } from 'node:inspector/promises'
import { fileURLToPath } from 'node:url'

import type { Application, Visitor, Work } from './application.ts'
import { ROOT } from './sources.ts'

/** The files of src/ of which at least one function ran during one request, for each work. */
export type Paths = Readonly<Record<Work, readonly string[]>>

/** So many requests come before the one that counts, so that nothing is in it that is done once. */
const WARM_UP = 20

const inspector = new Session()
inspector.connect()
await inspector.post('Profiler.enable')
await inspector.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })
// After that, so that it is counted from its first call on.
const { newApplication, WORKS } = await import('./application.ts')
const application = await newApplication()
const paths: [Work, string[]][] = []
// One after the other: the counts are the whole process's.
// oxlint-disable-next-line no-await-in-loop
for (const work of WORKS) paths.push([work, await filesOf(application, work)])
process.stdout.write(JSON.stringify(Object.fromEntries(paths)))

async function filesOf({ visitorAt }: Application, work: Work): Promise<string[]> {
  const visitor = visitorAt(work)
  // oxlint-disable-next-line no-await-in-loop
  for (let each = 0; each < WARM_UP; each += 1) await visitor.send(await visitor.newRequest())
  return filesRunBy(visitor)
}

async function filesRunBy({ newRequest, send }: Visitor): Promise<string[]> {
  const request = await newRequest()
  // Taking the counts sets them to zero.
  await inspector.post('Profiler.takePreciseCoverage')
  const response = await send(request)
  const { result } = await inspector.post('Profiler.takePreciseCoverage')
  if (response.status !== 200) throw new Error(`A request was answered with ${response.status}.`)
  return result
    .filter(({ functions }) => functions.some(({ ranges }) => (ranges[0]?.count ?? 0) > 0))
    .filter(({ url }) => url.startsWith('file:'))
    .map(({ url }) => fileURLToPath(url))
    .filter((path) => path.startsWith(`${ROOT}src/`))
    .map((path) => path.slice(ROOT.length))
    .toSorted()
}
