import type { Await, CallContext } from '../record/store.ts'
import type { Feature, FeatureSession, SessionTrace } from '../request/feature.ts'
import { isThenable } from '../request/store-client.ts'

/** The used part of the runtime's custom spans. */
export interface Tracing {
  readonly enterSpan: <T>(name: string, callback: (span: Span) => T) => T
  readonly startSpan?: (name: string) => Span
  readonly getActiveSpan?: () => Span | undefined
  /** Newer than the others. With it, the spans of the calls are inside the session's. */
  readonly withActiveSpan?: <T>(span: Span, callback: () => T) => T
}

interface Span {
  readonly isTraced: boolean
  setAttribute(name: string, value: boolean | number | string): unknown
  end?(): void
}

/** Returns the feature for these spans, or one that does nothing without them. */
export function tracer(tracing: Tracing | undefined): Feature {
  const traces = new WeakMap<FeatureSession, SessionTrace>()
  return {
    feature: 'tracing',
    trace(session) {
      if (tracing === undefined) return undefined
      return quietly(() => {
        // Checked once per request, since the check takes a microsecond. A span costs many.
        if (tracing.getActiveSpan?.()?.isTraced !== true) return undefined
        const trace = traceOf(tracing, session)
        traces.set(session, trace)
        return trace
      })
    },
    finish(session) {
      // With `open` and `commit` there is no wrapper to end it.
      if (session.depth === 0) traces.get(session)?.end()
      return undefined
    },
  }
}

function traceOf(tracing: Tracing, session: FeatureSession): SessionTrace {
  const own = tracing.startSpan?.('session')
  let calls = 0
  let isOver = false
  return {
    call: (store, method, run) => (context) => {
      calls += 1
      const call = { store, method, run, context, session }
      let made: (() => ReturnType<typeof run>) | undefined
      const enter = (): ReturnType<typeof run> =>
        tracing.enterSpan(`session.${method}`, (span) => {
          made = outcomeOf(() => inSpan(span, call))
          return made()
        })
      try {
        return own === undefined || isOver || tracing.withActiveSpan === undefined
          ? enter()
          : tracing.withActiveSpan(own, enter)
      } catch {
        // The error is the call's, or that of a failing tracer. The call is made once in any case.
        return made === undefined ? run(context) : made()
      }
    },
    end() {
      if (isOver || own === undefined) return
      isOver = true
      const { state } = session
      if (state.token !== undefined) setOn(own, 'session.id', session.id)
      setOn(own, 'session.state', state.is)
      setOn(own, 'session.calls', calls)
      if (state.is === 'live') setOn(own, 'session.signed_in', state.status.account !== undefined)
      quietly(() => own.end?.())
    },
  }
}

interface TracedCall<T> {
  readonly store: string
  readonly method: string
  readonly run: (context: CallContext) => Await<T>
  readonly context: CallContext
  readonly session: FeatureSession
}

/** Returns the result, or `undefined` if it throws. A failing tracer must not fail the request. */
function quietly<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}

function setOn(span: Span, name: string, value: boolean | number | string): void {
  quietly(() => span.setAttribute(name, value))
}

/** Does the work. Returns a function that returns its result or throws its error, each time. */
function outcomeOf<T>(work: () => T): () => T {
  try {
    const result = work()
    return () => result
  } catch (error) {
    return () => {
      throw error
    }
  }
}

/** Makes the call. The span ends with the call, or when the call is given up. */
function inSpan<T>(span: Span, { store, method, run, context, session }: TracedCall<T>): Await<T> {
  let tries = 1
  let isGivenUp = false
  const tell = (outcome: string): void => {
    setOn(span, 'session.outcome', outcome)
    setOn(span, 'session.tries', tries)
  }
  setOn(span, 'session.store', store)
  setOn(span, 'session.operation', method)
  // A visitor without a session has an id that is used nowhere else.
  if (session.state.token !== undefined || method === 'create') {
    setOn(span, 'session.id', session.id)
  }
  const told = (reply: T): T => {
    const { cache, rows, outcome } = factsOf(reply)
    if (cache !== undefined) setOn(span, 'session.cache_hit', cache)
    if (rows !== undefined) setOn(span, 'session.rows', rows)
    tell(outcome)
    return reply
  }
  const failed = (error: unknown): never => {
    tell(isGivenUp ? 'timeout' : 'failed')
    throw error
  }
  const signal = context.signal?.()
  // The caller already has the error. The span must not wait for an answer that may never come.
  const givenUp = new Promise<never>((_, reject) => {
    signal?.addEventListener('abort', () => {
      isGivenUp = true
      reject(signal.reason as Error)
    })
  })
  try {
    const result = run({ ...context, tried: () => void (tries += 1) })
    return isThenable(result) ? Promise.race([result, givenUp]).then(told, failed) : told(result)
  } catch (error) {
    return failed(error)
  }
}

interface Facts {
  readonly outcome: string
  readonly cache?: boolean
  readonly rows?: number
}

/**
 * Returns the facts of a reply that may be traced: the reason that there is no session or that it was refused, but no
 * stored text.
 */
function factsOf(reply: unknown): Facts {
  if (Array.isArray(reply)) return { outcome: 'ok', rows: reply.length }
  const { ok, gone, why, entries, isCopy }: Reply = Object(reply)
  if (ok === false) return { outcome: gone ?? why ?? 'refused' }
  if (entries === undefined) return { outcome: 'ok' }
  return { outcome: 'ok', cache: isCopy === true, rows: Object.keys(entries).length }
}

/** The used parts of a store's replies. */
interface Reply {
  readonly ok?: boolean
  readonly gone?: string
  readonly why?: string
  readonly entries?: object
  readonly isCopy?: boolean
}
