import type { SessionError } from '../../src/errors.ts'
import type { Entry, Outcome } from './history.ts'
import { emptyResponse, requestTo } from './messages.ts'
import type { Recorded, Work } from './plan.ts'
import type { Isolate, SimulatedBrowser, World } from './world.ts'

const ADDRESS = new URL('https://app.example/')

/** What a visit takes place in. */
type Surroundings = Pick<
  World,
  'time' | 'faults' | 'history' | 'plan' | 'objects' | 'isolates' | 'log'
>

interface Options {
  readonly number: number
  readonly browser: SimulatedBrowser
  readonly isolate: Isolate
  /** True for the look at the end, when all is well again. */
  readonly isLast: boolean
}

type Session = Parameters<Parameters<Isolate['sessions']['withSession']>[0]>[0]['session']

/** An operation that has begun. */
interface Begun extends Pick<Entry, 'does' | 'key' | 'wrote' | 'start' | 'startedAt'> {
  /** The session that the request came with, or has read. */
  readonly before: string | undefined
}

/** What the browser sent, and the place of the moment. */
interface Presented {
  readonly cookie: string
  readonly secret: string | undefined
  readonly sent: number
}

export interface Visit {
  /** Answers a request that another Worker hands on. */
  readonly session: () => Session | undefined
  readonly answer: (work: readonly Work[], presented: Presented) => Promise<Response | undefined>
  readonly run: (work: readonly Work[]) => Promise<void>
}

/** Returns one request of a browser, from the click to the response's arrival. */
export function newVisit(
  world: Surroundings,
  { number, browser, isolate, isLast }: Options,
): Visit {
  const { time, faults, history, plan } = world
  const name = `#${number} (browser ${browser.index}, Worker ${isolate.index})`
  const isOld = plan.setting.cached !== 'no' && !isLast
  const reading = plan.setting.store === 'kv' ? 'kv get' : isOld ? 'old get' : 'get'
  /** What was recorded and is written with the response, except what an awaited operation has written. */
  const recorded: Begun[] = []
  const written = new Set<Begun>()
  /** Keys that awaited operations have written since the last `clear`. */
  const cleared = new Set<string>()
  /** Keys that this request has changed itself. */
  const own = new Set<string>()
  /** What the request must find under a key that it has changed after it had read the session. */
  const expected = new Map<string, string | undefined>()
  let loading: { start: number; end: number; startedAt: number; endedAt: number } | undefined
  let isFound = false
  /** The first operation that asked the store: an `update` reads the session, too. */
  let asked: { start: number; startedAt: number } | undefined
  let isMoved = false
  let sent = 0
  let session: Session | undefined
  let secret: string | undefined
  let cookie = ''

  function begin(does: string, more: Pick<Entry, 'key' | 'wrote'> = {}): Begun {
    // Without a session, asking for the id would mint one.
    const before = session?.isNew === false ? session.id : undefined
    return { does, ...more, before, start: history.next(), startedAt: time.now }
  }

  function end({ before, ...begun }: Begun, outcome: Outcome, result?: string): void {
    const id = session?.id ?? ''
    const isLeft = before !== undefined && before !== id
    const entry: Entry = {
      ...begun,
      request: number,
      browser: browser.index,
      isolate: isolate.index,
      session: id,
      ...(isLeft && world.objects.hasDoubled(before, begun.startedAt) && { former: before }),
      end: history.next(),
      endedAt: time.now,
      sent,
      outcome,
      ...(result !== undefined && { result }),
    }
    history.entries.push(entry)
    const about = [begun.does, begun.key, begun.wrote].filter(Boolean).join(' ')
    world.log?.(`${name} ${about}: ${outcome}${result === undefined ? '' : ` ${result}`}`)
  }

  async function awaited(begun: Begun, run: () => Promise<unknown>): Promise<void> {
    if (begun.does === 'update') asked ??= begun
    try {
      const result = await run()
      expect(begun, begun.does === 'take' ? undefined : JSON.stringify(result))
      if (begun.does === 'update' && plan.setting.store === 'kv') {
        history.unseen.push(`#${number}: KV has done an update`)
      }
      endWritten(begun)
      end(begun, 'done', result === undefined ? undefined : JSON.stringify(result))
    } catch (error) {
      // KV says so, and nothing has happened.
      if (plan.setting.store === 'kv' && codeOf(error) === 'ERR_NOT_ATOMIC') return
      end(begun, outcomeOf(error, isDoubled(begun)))
      throw error
    }
  }

  function isDoubled({ startedAt }: Begun): boolean {
    return world.objects.hasDoubled(session?.id ?? '', startedAt)
  }

  /** Ends what was recorded for the key of an awaited operation, which has written it to the present session. */
  function endWritten({ key }: Begun): void {
    if (key === undefined) return
    for (const each of recorded) {
      if (written.has(each)) continue
      if (each.key === key) {
        written.add(each)
        end(each, 'done')
      } else if (each.does === 'clear' && !cleared.has(key)) {
        end({ ...each, does: 'delete', key }, 'done')
      }
    }
    cleared.add(key)
  }

  function expect({ key }: Begun, text: string | undefined): void {
    if (key === undefined) return
    own.add(key)
    if (loading === undefined) expected.delete(key)
    else expected.set(key, text)
  }

  /** Reads the session once, and notes what is there. */
  async function load(current: Session): Promise<void> {
    if (loading !== undefined) return
    const { start, startedAt } = asked ?? { start: history.next(), startedAt: time.now }
    await current.load(isLast ? { fresh: true } : {})
    loading = { start, startedAt, end: history.next(), endedAt: time.now }
    isFound = !current.isNew
    const entries = own.size > 0 || isMoved ? {} : await current.all()
    const user = current.isNew ? undefined : current.userId
    history.sights.push({
      ...loading,
      request: number,
      browser: browser.index,
      isolate: isolate.index,
      session: current.isNew ? undefined : current.id,
      secret,
      user,
      entries,
      mayBeOld: isOld,
    })
    const seen = current.isNew ? 'no session' : `${current.id.slice(0, 6)} ${user ?? 'anonymous'}`
    world.log?.(`${name} finds ${seen} ${JSON.stringify(entries)}`)
  }

  async function look(current: Session, key: string): Promise<void> {
    await load(current)
    const value = await current.get(key)
    const found = value === undefined ? undefined : JSON.stringify(value)
    if (!isMoved && expected.has(key) && expected.get(key) !== found) {
      history.unseen.push(`#${number} does not see its own change of ${key}`)
    }
    if (own.has(key) || isMoved || !isFound || loading === undefined) return
    // The one read answers for every key.
    history.entries.push({
      does: reading,
      key,
      ...loading,
      ...(found !== undefined && { result: found }),
      request: number,
      browser: browser.index,
      isolate: isolate.index,
      session: current.id,
      sent,
      outcome: 'done',
    })
  }

  function record(current: Session, work: Recorded): void {
    const key = work.does === 'clear' ? {} : { key: work.key }
    const value = `${number}.${recorded.length}`
    const wrote = work.does === 'set' ? { wrote: JSON.stringify(value) } : {}
    const begun = begin(work.does, { ...key, ...wrote })
    recorded.push(begun)
    expect(begun, wrote.wrote)
    if (work.does === 'set') current.set(work.key, value)
    if (work.does === 'delete') current.delete(work.key)
    if (work.does === 'clear') current.clear()
    if (work.does === 'clear') isMoved = true
    if (work.does === 'clear') cleared.clear()
  }

  async function take(current: Session, work: Work): Promise<void> {
    switch (work.does) {
      case 'get':
        await look(current, work.key)
        break
      case 'set':
      case 'delete':
      case 'clear':
        record(current, work)
        break
      case 'increment':
        await awaited(begin('increment', { key: work.key }), async () =>
          current.increment(work.key),
        )
        break
      case 'update': {
        const tag = `${number}`
        await awaited(begin('update', { key: work.key, wrote: tag }), async () =>
          current.update(
            work.key,
            (before) => `${typeof before === 'string' ? before : ''}+${tag}`,
          ),
        )
        break
      }
      case 'take':
        await awaited(begin('take', { key: work.key }), async () => current.take(work.key))
        break
      case 'signIn':
        isMoved = true
        await awaited(begin('signIn', { wrote: work.user }), async () => current.signIn(work.user))
        break
      case 'regenerate':
      case 'destroy':
      case 'signOut':
        isMoved = true
        await awaited(begin(work.does), async () => current[work.does]())
        break
      case 'revokeAll': {
        await load(current)
        const { userId } = current
        if (userId === undefined) return
        await awaited(begin('revokeAll', { wrote: userId }), async () =>
          isolate.sessions.user(userId, isolate.env).revokeAll(),
        )
        break
      }
      case 'think':
        await time.wait(work.milliseconds)
        break
      case 'forward':
    }
  }

  async function handle(current: Session, work: readonly Work[]): Promise<Response> {
    session = current
    if (isLast) for (const key of ['s', 't', 'n', 'm']) await look(current, key)
    for (const [index, each] of work.entries()) {
      if (each.does === 'forward') return forward(each.isolate, work.slice(index + 1))
      await take(current, each)
    }
    return emptyResponse()
  }

  /** Has another Worker answer the same request. */
  async function forward(index: number, work: readonly Work[]): Promise<Response> {
    const behind = world.isolates[index % world.isolates.length] ?? isolate
    const inner = newVisit(world, { number, browser, isolate: behind, isLast })
    history.forwarded.add(number)
    const response = await inner.answer(work, { cookie, secret, sent })
    session = inner.session() ?? session
    return response ?? emptyResponse(502)
  }

  async function answer(work: readonly Work[], known: Presented): Promise<Response | undefined> {
    ;({ cookie, secret, sent } = known)
    const request = requestTo(ADDRESS.href, cookie === '' ? {} : { cookie })
    world.log?.(
      `${name} arrives ${secret === undefined ? 'without a cookie' : `with ${secret.slice(0, 6)}`}`,
    )
    const fetch = isolate.sessions.withSession(async ({ session: current }) =>
      handle(current, work),
    )
    const context = { waitUntil: () => undefined, passThroughOnException: () => undefined }
    const response = await fetch(request, isolate.env, context).catch((error: unknown) => {
      world.log?.(`${name} throws ${String(error)}`)
      history.errors.push({ request: number, error })
      return undefined
    })
    settle(response)
    world.log?.(`${name} is answered by ${response?.status ?? 'an error'}`)
    return response
  }

  /** The outcome of what was recorded, now that the response is there. */
  function settle(response: Response | undefined): void {
    const outcomes: Record<number, Outcome> = { 200: 'done', 409: 'refused', 503: 'unknown' }
    const said = (response && outcomes[response.status]) ?? 'refused'
    for (const begun of recorded) {
      if (written.has(begun)) continue
      end(begun, response?.status === 409 && isDoubled(begun) ? 'unknown' : said)
    }
  }

  return {
    answer,
    session: () => session,
    async run(work) {
      cookie = browser.jar.headerFor(ADDRESS, { method: 'GET', isForeign: false })
      secret = cookie === '' ? undefined : secretOf(cookie)
      sent = history.next()
      await time.wait(faults.latency())
      const response = await answer(work, { cookie, secret, sent })
      if (response === undefined) return
      const isLost = faults.losesResponse()
      const order = history.next()
      await time.wait(faults.latency())
      const setCookies = response.headers.getSetCookie()
      const [issued] = setCookies.map(secretOf)
      history.responses.push({
        request: number,
        browser: browser.index,
        secret,
        issued,
        session: session?.id,
        order,
        sent,
        at: time.now,
        arrived: history.next(),
        isLost,
        status: response.status,
      })
      if (isLost) return world.log?.(`${name}: its response is lost`)
      for (const setCookie of setCookies) browser.jar.keep(setCookie, ADDRESS)
      if (setCookies.length > 0)
        world.log?.(`${name}: browser keeps ${setCookies[0]?.slice(0, 60) ?? ''}`)
    },
  }
}

/**
 * A call that the runtime sends twice may be applied, and be refused when it comes again after a rotation: the object can't
 * tell by a secret that is over whose call it was.
 */
function outcomeOf(error: unknown, isDoubled: boolean): Outcome {
  const code = codeOf(error)
  const isUnknown = code === 'ERR_STORE' || (isDoubled && code === 'ERR_SESSION_ENDED')
  return isUnknown ? 'unknown' : 'refused'
}

function codeOf(error: unknown): string | undefined {
  return (error as Partial<SessionError>).code
}

/** The secret within a token (docs/storage-schema.md). */
export function secretOf(cookie: string): string {
  return cookie.split('.')[2]?.slice(16, 48) ?? ''
}
