import type { EndReason } from '../record/end-reason.ts'
import type { SessionHost } from '../store/object/session-part.ts'
import { withinTime } from '../store/within-time.ts'
import { wakeAt } from './connections.ts'

/** One of the application's objects that is notified of the end of the session. */
interface Watcher {
  readonly namespace: string
  readonly id: string
  /** The session's user, or an empty text if there is none. */
  readonly user: string
  readonly reason: EndReason | null
  readonly tries: number
}

/** The maximum number of watchers per session. */
const MAX_WATCHERS = 32
/** One hanging object must not delay the others. */
const TIME_LIMIT_MS = 4000
const FIRST_RETRY_MS = 1000
const MAX_RETRY_MS = 3_600_000
/** Retries for about a day, so that an object that never responds does not cost anything after that. */
const MAX_TRIES = 36

/** A namespace in the `env` of the Worker. */
interface Watching {
  idFromString(id: string): object
  get(id: object): { sessionEnded(sessionId: string, reason: EndReason): Promise<unknown> }
}

/** Adds a watcher, once even if repeated. Returns false if the session already has the maximum number. */
export function addWatcher(
  { ctx }: SessionHost,
  { namespace, id, user }: Pick<Watcher, 'namespace' | 'id' | 'user'>,
): boolean {
  const { sql } = ctx.storage
  sql.exec(
    'CREATE TABLE IF NOT EXISTS watchers (namespace TEXT, id TEXT, user TEXT, reason TEXT, tries INTEGER, PRIMARY KEY (namespace, id, user)) WITHOUT ROWID',
  )
  const known = watchersOf(ctx.storage)
  const isKnown = known.some(
    (each) => each.namespace === namespace && each.id === id && each.user === user,
  )
  if (isKnown) return true
  if (known.length >= MAX_WATCHERS) return false
  sql.exec('INSERT INTO watchers VALUES (?, ?, ?, NULL, 0)', namespace, id, user)
  return true
}

/** Removes a watcher, unless it is about to be notified. */
export function removeWatcher({ ctx }: SessionHost, namespace: string, id: string): void {
  const own = watchersOf(ctx.storage).filter((each) => each.namespace === namespace)
  for (const each of own) if (each.reason === null && each.id === id) remove(ctx.storage, each)
}

function remove({ sql }: DurableObjectStorage, { namespace, id, user }: Watcher): void {
  sql.exec('DELETE FROM watchers WHERE namespace = ? AND id = ? AND user = ?', namespace, id, user)
}

function watchersOf({ sql }: DurableObjectStorage): readonly Watcher[] {
  try {
    return sql.exec('SELECT * FROM watchers').toArray() as unknown as Watcher[]
  } catch {
    // There is no table before the first watcher.
    return []
  }
}

/**
 * Marks the watchers to be notified, in the transaction that ends the session, and starts to notify them. An alarm
 * finishes the work. Returns false if there are none.
 */
export function tellWatchers(host: SessionHost, reason: EndReason): boolean {
  const { storage } = host.ctx
  const watchers = watchersOf(storage)
  if (watchers.length === 0) return false
  // Not again if the session had already ended: then the alarm notifies them.
  if (watchers.every((each) => each.reason !== null)) return true
  storage.sql.exec('UPDATE watchers SET reason = ? WHERE reason IS NULL', reason)
  beginTelling(host)
  return true
}

/** Notifies the watchers of a previous user, for whom the session is over. The session now belongs to this user. */
export function replaceWatchers(host: SessionHost, user: string): void {
  const { storage } = host.ctx
  const others = watchersOf(storage).filter((each) => each.reason === null && each.user !== user)
  if (others.length === 0) return
  // The watchers of a visitor who signs in become the user's.
  storage.sql.exec(
    "UPDATE OR REPLACE watchers SET user = ? WHERE reason IS NULL AND user = ''",
    user,
  )
  storage.sql.exec(
    "UPDATE watchers SET reason = 'replaced' WHERE reason IS NULL AND user <> ?",
    user,
  )
  if (others.some((each) => each.user !== '')) beginTelling(host)
}

function beginTelling(host: SessionHost): void {
  void host.ctx.storage.setAlarm(Date.now() + TIME_LIMIT_MS + FIRST_RETRY_MS)
  host.ctx.waitUntil(finishTelling(host))
}

/** The running work of the objects in this isolate, since the alarm may fire in the meantime. */
const telling = new WeakMap<DurableObjectState, Promise<void>>()

/** Notifies the remaining watchers. Sets the next alarm, or deletes everything when it is done. */
export function finishTelling(host: SessionHost): Promise<void> {
  const { ctx } = host
  const work = telling.get(ctx) ?? tellAll(host).finally(() => telling.delete(ctx))
  telling.set(ctx, work)
  return work
}

async function tellAll(host: SessionHost): Promise<void> {
  const { storage, id } = host.ctx
  const waiting = watchersOf(storage).filter((each) => each.reason !== null)
  if (waiting.length === 0) return
  await Promise.all(waiting.map((watcher) => tell(host, watcher, id.toString())))
  const left = watchersOf(storage)
  if (left.length === 0) return host.empty()
  const tries = Math.min(...left.flatMap((each) => (each.reason === null ? [] : [each.tries])))
  if (!Number.isFinite(tries)) return
  const delay = Math.min(FIRST_RETRY_MS * 2 ** tries, MAX_RETRY_MS)
  // The current user's session may end before that.
  await wakeAt(host, Date.now() + delay)
}

async function tell(
  { ctx: { storage }, env }: SessionHost,
  watcher: Watcher,
  sessionId: string,
): Promise<void> {
  const { namespace, id, user, reason, tries } = watcher
  try {
    const { [namespace]: watching } = env as Record<string, Watching | undefined>
    if (watching === undefined || reason === null) throw new TypeError(`There is no ${namespace}.`)
    const object = watching.get(watching.idFromString(id))
    await withinTime(TIME_LIMIT_MS, object.sessionEnded(sessionId, reason))
    remove(storage, watcher)
  } catch {
    if (tries >= MAX_TRIES) remove(storage, watcher)
    else {
      storage.sql.exec(
        'UPDATE watchers SET tries = ? WHERE namespace = ? AND id = ? AND user = ?',
        tries + 1,
        namespace,
        id,
        user,
      )
    }
  }
}
