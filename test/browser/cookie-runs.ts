import { TestBrowser } from '../../src/testing.ts'
import { CookieServer, type Sequence } from './cookie-server.ts'
import type { Driver, KeptCookie, Tab } from './driver.ts'

/** What became of each sequence, in words that can be compared: the Cookie headers sent, and the cookies kept. */
export type Outcomes = ReadonlyMap<string, string>

type Details = Pick<KeptCookie, 'name' | 'path' | 'secure' | 'httpOnly' | 'expires'>

const TABS = 3
const FETCHES = 6

/** Lets a real browser go through the sequences. */
export async function runInBrowser(
  driver: Driver,
  sequences: readonly Sequence[],
): Promise<Outcomes> {
  const server = await CookieServer.start(sequences)
  const visitor = await driver.newVisitor()
  const tabs = await Promise.all(Array.from({ length: TABS }, () => visitor.newTab()))
  for (const [page, urls] of server.fetched())
    if (tabs[0] !== undefined) await fetchAll(tabs[0], page, urls)
  const navigations = sequences.keys().filter((index) => sequences[index]?.isNavigation)
  await Promise.all(
    tabs.map(async (tab) => {
      for (const index of navigations) {
        await tab.goto(server.urlOf(index))
        await tab.waitUntil('document.title === "done"')
      }
    }),
  )
  const cookies = await visitor.cookies()
  await visitor.close()
  server.close()
  return new Map(
    sequences.map(({ name, visits }, index) => {
      const kept = cookies.filter(({ domain }) => RegExp(`(^|\\.)s${index}\\.`).test(domain))
      const ageOf = ({ expires = Infinity }: KeptCookie): number =>
        expires - (server.servedAt[index] ?? NaN) / 1000
      // Firefox may list a cookie of which the time is up, and does not send it.
      const details = kept
        .map((cookie) => ({ ...cookie, expires: ageOf(cookie) }))
        .filter(({ expires }) => expires > 0)
      return [name, outcomeOf(server.sent[index] ?? [], visits.length, details)]
    }),
  )
}

async function fetchAll(tab: Tab, page: string, urls: readonly string[]): Promise<void> {
  await tab.goto(page)
  await tab.evaluate(`(async (urls) => {
    const fetchNext = async () => {
      const url = urls.shift()
      if (url === undefined) return
      await fetch(url, { mode: 'no-cors', credentials: 'include' })
      await fetchNext()
    }
    await Promise.all(Array.from({ length: ${FETCHES} }, fetchNext))
  })(${JSON.stringify(urls)})`)
}

/** Lets a `TestBrowser` go through the sequences. */
export async function runInTestBrowser(sequences: readonly Sequence[]): Promise<Outcomes> {
  const outcomes = new Map<string, string>()
  const now = Date.now()
  for (const [index, { name, visits }] of sequences.entries()) {
    const own = (text: string): string =>
      text.replaceAll(/\bsite(?=\.(test|localhost)\b)/gi, `s${index}`)
    const sent: string[] = []
    let answered = 0
    const browser = new TestBrowser(
      ({ headers }) => {
        sent.push(headers.get('Cookie') ?? '')
        const { set = [], header } = visits[answered] ?? {}
        answered += 1
        const response = new Response()
        for (const line of set) response.headers.append('Set-Cookie', own(line))
        if (header !== undefined) response.headers.set(...headerOf(header))
        return response
      },
      { from: 'none', now: () => now },
    )
    let from: 'none' | 'cross-site' = 'none'
    for (const visit of visits) {
      // What redirects lead to comes from where the first request came from.
      from = visit.from ?? from
      await browser.fetch(own(visit.url), { from, method: visit.method ?? 'GET' })
    }
    const details = Array.from(browser.cookies.keys(), (each) => browser.cookies.details(each))
    const kept = details.flatMap((each) =>
      each === undefined ? [] : [{ ...each, expires: (each.expiresAt - now) / 1000 }],
    )
    outcomes.set(name, outcomeOf(sent, visits.length, kept))
  }
  return outcomes
}

function headerOf(line: string): [name: string, value: string] {
  const [name = '', value = ''] = line.split(': ', 2)
  return [name, value]
}

/** `expires` is in seconds from now; `Infinity` is a session cookie. Of two cookies of one name only what is sent is told. */
function outcomeOf(sent: readonly string[], visits: number, kept: readonly Details[]): string {
  const names = kept.map(({ name }) => name)
  const alone = kept.filter(({ name }) => names.filter((each) => each === name).length === 1)
  const cookies = alone.map(({ name, path, secure, httpOnly, expires = Infinity }) => {
    const age = expires === Infinity ? 'session' : `${Math.round(expires / 60)} minutes`
    return [name, path, age, secure && 'Secure', httpOnly && 'HttpOnly']
      .filter((part) => part !== false)
      .join(' ')
  })
  const missing = sent.length === visits ? [] : [`${sent.length} of ${visits} requests`]
  // A name that is not ASCII is shown in different ways.
  const shown = cookies.map((each) => each.replaceAll(/[^\x20-\x7E]+/g, '?')).toSorted()
  return [...missing, ...sent.slice(1).map((each) => `[${each}]`), ...shown].map(short).join(' ')
}

function short(text: string): string {
  return text.length > 90 ? `${text.slice(0, 40)}…${text.length}` : text
}
