import { CONTENDERS, type Contender } from './contenders.ts'
import { counted } from './costs.ts'
import type { Loader } from './loader.ts'
import { serve } from './server.ts'

/** One figure of how a cost grows. */
export interface Growth {
  readonly what: string
  readonly contender: string
  /** How large, how many, or how far. */
  readonly at: string
  readonly p50: number
  readonly rate: number
  /** Bytes over RPC or to KV, of one request, where they were counted. */
  readonly bytes?: number
}

const SIZES = [1000, 10_000, 100_000, 1_000_000]
const MILLISECONDS = 1500
/** Each object here is an open database, of which a process may have some 10,000. */
const MOST_OBJECTS = 5000

/** How the time grows with the size of a session, with the number of sessions, and with the distance of the object. */
export async function growth(
  loader: Loader,
  under: string,
  mostSessions: number,
): Promise<Growth[]> {
  const [floor, objects, , kv] = CONTENDERS
  if (floor === undefined || objects === undefined || kv === undefined) return []
  // One after the other, so that none disturbs another.
  const sizes = [await bySize(floor, loader, under), await bySize(objects, loader, under)]
  process.stderr.write('sizes\n')
  const numbers = [
    await byNumber(floor, 'read', loader, { under, most: Math.min(mostSessions, MOST_OBJECTS) }),
    await byNumber(objects, 'read', loader, { under, most: Math.min(mostSessions, MOST_OBJECTS) }),
    await byNumber(kv, 'read, KV', loader, { under, most: mostSessions }),
  ]
  process.stderr.write('numbers of sessions\n')
  return [...sizes, ...numbers, await byDistance(objects, loader, under)].flat()
}

/** One key set, without a read, in sessions of several sizes, by one connection. */
async function bySize(contender: Contender, loader: Loader, under: string): Promise<Growth[]> {
  const server = await serve(contender, under)
  const counting = await serve(contender, under, { wrapper: 'counting' })
  const results: Growth[] = []
  // oxlint-disable no-await-in-loop
  for (const size of SIZES) {
    const create = `/create?size=${size}`
    const cookies = await loader.newPool(server, create, 10)
    const job = { port: server.port, path: '/set', cookies, connections: 1 }
    await loader.run({ ...job, milliseconds: MILLISECONDS / 5 })
    const { p50, requests, seconds } = await loader.run({ ...job, milliseconds: MILLISECONDS })
    const { cookie } = await counted(counting, create, '')
    const { bytes } = await counted(counting, '/set', cookie)
    const at = `${size / 1000} kB`
    const what = 'one key set in a session of'
    results.push({ what, contender: contender.name, at, p50, rate: requests / seconds, bytes })
  }
  // oxlint-enable no-await-in-loop
  await Promise.all([server.kill(), counting.kill()])
  return results
}

/** Reads of sessions in turn, of one, and of ever more of them. */
async function byNumber(
  contender: Contender,
  work: 'read' | 'read, KV',
  loader: Loader,
  { under, most }: { readonly under: string; readonly most: number },
): Promise<Growth[]> {
  const server = await serve(contender, under)
  const { create = '/', [work]: path = '/' } = contender.paths
  const results: Growth[] = []
  let cookies: readonly string[] = []
  for (const number of [1, 100, 1000, 5000, 100_000].filter((each) => each <= most)) {
    // oxlint-disable no-await-in-loop
    cookies = [...cookies, ...(await loader.newPool(server, create, number - cookies.length))]
    const job = { port: server.port, path, cookies, connections: 16 }
    await loader.run({ ...job, milliseconds: MILLISECONDS / 5 })
    const { p50, requests, seconds } = await loader.run({ ...job, milliseconds: MILLISECONDS })
    // oxlint-enable no-await-in-loop
    const at = number.toLocaleString('en')
    const what = `${work}, one of so many sessions`
    results.push({ what, contender: contender.name, at, p50, rate: requests / seconds })
  }
  await server.kill()
  return results
}

/** Reads of an object that is 100 ms away (simulated: each call waits so long), and of copies of it. */
async function byDistance(contender: Contender, loader: Loader, under: string): Promise<Growth[]> {
  const server = await serve(contender, under)
  const results: Growth[] = []
  for (const [base, name] of [
    ['/away', 'edge-session, objects'],
    ['/away-cached', 'edge-session, read cache'],
  ] as const) {
    // oxlint-disable no-await-in-loop
    const cookies = await loader.newPool(server, `${base}/create`, 10)
    const job = { port: server.port, path: `${base}/read`, cookies, connections: 4 }
    await loader.run({ ...job, milliseconds: MILLISECONDS / 3 })
    const { p50, requests, seconds } = await loader.run({ ...job, milliseconds: MILLISECONDS })
    // oxlint-enable no-await-in-loop
    const what = 'read of an object that is away'
    results.push({ what, contender: name, at: '100 ms', p50, rate: requests / seconds })
  }
  await server.kill()
  return results
}
