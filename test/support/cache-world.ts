import type { SessionKvNamespace } from '../../src/store/kv.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { type App, type Handler, newApp } from './app.ts'
import { StaleKv } from './stale-kv.ts'

/** What a request does. */
export type Work = 'read' | 'write' | 'destroy' | 'regenerate'

/** What can happen. Numbers count round those of whatever is meant. */
export type Step =
  | { readonly does: Work; readonly browser: number; readonly isolate: number }
  | { readonly does: 'copy cookie'; readonly browser: number }
  | { readonly does: 'wait'; readonly milliseconds: number }
  | { readonly does: 'let KV have'; readonly which: number }
  | { readonly does: 'receive'; readonly which: number }

/** What a session was, from when on: how often it had been written, or `undefined` when it was over. */
interface Moment {
  readonly at: number
  readonly writes: number | undefined
}

/** A browser: its cookie, and what that tells of its session. */
interface Tab {
  cookies: ReadonlyMap<string, string>
  /** The session that the cookie belongs to. */
  id: string | undefined
  /** How many writes of it the cookie knows of. */
  knows: number
  /** How many writes of it the browser has been shown, whatever its cookie knows. */
  shown: number
}

/** A response on its way to its browser. */
interface Answer {
  readonly tab: Tab
  /** The cookies afterwards, if they were changed. */
  readonly cookies: ReadonlyMap<string, string> | undefined
  readonly id: string | undefined
  readonly writes: number
}

const MAX_AGE_SECONDS = 20
const ISOLATES = 3
export const BROWSERS = 2

const HANDLERS: Readonly<Record<Work, Handler>> = {
  read: async (session) => ({ writes: await session.get('n'), id: session.id }),
  write: async (session) => ({ writes: await session.increment('n'), id: session.id }),
  destroy: async (session) => {
    const { id } = session
    await session.destroy()
    return { id }
  },
  regenerate: async (session) => {
    await session.regenerate()
    return { writes: await session.get('n'), id: session.id }
  },
}

/**
 * Isolates with a read cache each, over one store, and a KV that hears of writes late and in any order, remembers what it read
 * and what was missing, and refuses two writes a second (simulated: StaleKv). What must not be is in `faults`.
 */
export class CacheWorld {
  readonly faults: string[] = []
  /** Reads that were answered without a call of the store. */
  answeredByCopies = 0
  readonly #arrivesAtOnce: boolean
  #now = Date.now()
  readonly #tabs: Tab[] = Array.from({ length: BROWSERS }, newTab)
  readonly #onTheirWay: Answer[] = []
  readonly #untold: (() => void)[] = []
  readonly #isolates: readonly App[]
  readonly #history = new Map<string, Moment[]>()
  /** Each session's present secret, and when the others were replaced. */
  readonly #secrets = new Map<string, string>()
  readonly #replacedAt = new Map<string, number>()

  /** With responses that arrive at once, or when a step says so, in any order. */
  constructor(arrivesAtOnce: boolean) {
    this.#arrivesAtOnce = arrivesAtOnce
    const store = memoryStore()
    const kv = new StaleKv(() => this.#now)
    this.#isolates = Array.from({ length: ISOLATES }, () => {
      const namespace = this.#late(kv.location())
      const cached = { maxAgeSeconds: MAX_AGE_SECONDS, kv: namespace }
      return newApp({ store, cached, now: () => this.#now })
    })
  }

  async take(step: Step): Promise<void> {
    switch (step.does) {
      case 'wait':
        this.#now += step.milliseconds
        break
      case 'let KV have':
        this.#untold.splice(step.which % Math.max(1, this.#untold.length), 1)[0]?.()
        break
      case 'receive':
        this.#arrive(this.#onTheirWay.splice(step.which % Math.max(1, this.#onTheirWay.length), 1))
        break
      case 'copy cookie':
        this.#tabs[(step.browser + 1) % BROWSERS] = { ...(this.#tabs[step.browser] ?? newTab()) }
        break
      case 'read':
      case 'write':
      case 'destroy':
      case 'regenerate':
        await this.#ask(this.#tabs[step.browser], this.#isolates[step.isolate], step.does)
    }
  }

  async #ask(tab: Tab | undefined, app: App | undefined, work: Work): Promise<void> {
    if (tab === undefined || app === undefined) return
    app.handler = HANDLERS[work]
    app.calls.length = 0
    const browser = app.browser()
    for (const [name, value] of tab.cookies) browser.cookies.set(name, value)
    const before = browser.cookieHeader()
    const response = await browser.fetch('/')
    const isChanged = browser.cookieHeader() !== before
    const cookies = isChanged ? new Map(browser.cookies) : undefined
    const { id, writes } = await response.json<{ id?: string; writes?: number }>()
    if (work === 'read') this.#check(tab, secretOf(before), writes, app.calls.length === 0)
    if (!isChanged && (writes ?? 0) > tab.knows) this.#fault(work, 'news without a cookie', writes)
    this.#note(work, { ...tab }, id, writes)
    if (id !== undefined && cookies !== undefined) this.#noteSecret(id, secretOf(cookieOf(cookies)))
    const isLeft = work === 'destroy' || writes === undefined
    const answer = { tab, cookies, id: isLeft ? undefined : id, writes: writes ?? 0 }
    if (this.#arrivesAtOnce) this.#arrive([answer])
    else this.#onTheirWay.push(answer)
  }

  /** What a read may give: what the session was within the last `maxAgeSeconds`, and nothing before what its cookie knows. */
  #check(tab: Tab, secret: string, writes: number | undefined, isByCopy: boolean): void {
    const { id = '', knows, shown } = tab
    const history = this.#history.get(id) ?? []
    const since = this.#now - MAX_AGE_SECONDS * 1000
    const isPresent = this.#secrets.get(id) === secret
    if (writes === undefined) {
      const isAlive = history.at(-1)?.writes !== undefined
      if (isAlive && isPresent) this.#fault('read', 'nothing of a live session', writes)
      return
    }
    if (isByCopy) this.answeredByCopies += 1
    const possible = [
      history.findLast(({ at }) => at <= since),
      ...history.filter(({ at }) => at > since),
    ]
    if (!possible.some((moment) => moment?.writes === writes))
      this.#fault('read', 'too old', writes)
    if ((this.#replacedAt.get(secret) ?? Infinity) <= since)
      this.#fault('read', 'a dead token', writes)
    if (writes < knows) this.#fault('read', `behind its cookie, ${knows}`, writes)
    if (this.#arrivesAtOnce && writes < shown) this.#fault('read', `back from ${shown}`, writes)
  }

  #fault(work: Work, fault: string, writes: number | undefined): void {
    this.faults.push(`${work} gave ${String(writes)}: ${fault}`)
  }

  #note(work: Work, { id: former }: Tab, id: string | undefined, writes: number | undefined): void {
    const isWritten = work === 'write' && writes !== undefined
    const isOver = work === 'destroy' && id === former
    if (id === undefined || !(isWritten || isOver)) return
    const moment = { at: this.#now, writes: isWritten ? writes : undefined }
    this.#history.set(id, [...(this.#history.get(id) ?? []), moment])
  }

  #noteSecret(id: string, secret: string): void {
    const former = this.#secrets.get(id)
    if (former === secret || secret === '' || this.#replacedAt.has(secret)) return
    if (former !== undefined) this.#replacedAt.set(former, this.#now)
    this.#secrets.set(id, secret)
  }

  #arrive([answer]: readonly Answer[]): void {
    if (answer === undefined) return
    const { tab, cookies, id, writes } = answer
    if (cookies !== undefined) {
      if (id !== tab.id) tab.shown = 0
      tab.cookies = cookies
      tab.id = id
      tab.knows = writes
    }
    if (id === tab.id) tab.shown = Math.max(tab.shown, writes)
  }

  /** The namespace, which hears of writes when a step says so. */
  #late(namespace: SessionKvNamespace): SessionKvNamespace {
    const later = async (write: () => Promise<void>): Promise<void> => {
      this.#untold.push(() => void write().catch(() => undefined))
    }
    return {
      get: (key, options) => namespace.get(key, options),
      put: (key, value, options) => later(() => namespace.put(key, value, options)),
      delete: (key) => later(() => namespace.delete(key)),
    }
  }
}

function newTab(): Tab {
  return { cookies: new Map(), id: undefined, knows: 0, shown: 0 }
}

function cookieOf(cookies: ReadonlyMap<string, string>): string {
  return Array.from(cookies, ([name, value]) => `${name}=${value}`).join('; ')
}

/** The secret within a token, by which its copies are told from those of the next (docs/storage-schema.md). */
function secretOf(cookie: string): string {
  return cookie.split('.')[2]?.slice(16, 48) ?? ''
}
