import type { MutatedFile } from './mutation.ts'

const REFUSALS = [
  'test/request/refused-responses.test.ts',
  'test/adapter/refusals.test.ts',
  'test/request/store-policy.test.ts',
  'test/request/late-writes.test.ts',
  'test/request/too-large.test.ts',
  'test/request/purposes.test.ts',
]
const TRACES = ['test/tracing/tracer.test.ts', 'test/tracing/faults.test.ts']

/** The responses to refused requests, and traces. */
export const REFUSALS_AND_TRACES: readonly MutatedFile[] = [
  {
    file: 'src/request/problem.ts',
    tests: REFUSALS,
    changes: [
      ["headers.set('Cache-Control', 'private, no-store')", ''],
      ["problem.status === 503 && problem.code !== 'ERR_SPECULATIVE'", 'problem.status === 503'],
      ["if (mayRetry && !headers.has('Retry-After'))", 'if (mayRetry)'],
      ['onRefused({ ...problem }, request)', 'onRefused(problem, request)'],
      ['if (isResponse(made) && !sent.has(made)) {', 'if (isResponse(made)) {'],
      ["emit({ type: 'refusal-failed', id })", ''],
      ["headers.get('Sec-Fetch-Mode') === 'navigate' || namesPage", 'namesPage'],
      [
        "headers.get('Sec-Fetch-Mode') === 'navigate' || namesPage",
        "headers.get('Sec-Fetch-Mode') === 'navigate'",
      ],
      ["&& !/json/i.test(headers.get('accept') ?? '')", ''],
      ['isPage && !hasErrorPages', 'isPage'],
      ['/[&<]/g', '/[&]/g'],
    ],
  },
  {
    file: 'src/tracing/tracer.ts',
    tests: TRACES,
    changes: [
      ['if (tracing.getActiveSpan?.()?.isTraced !== true) return undefined', ''],
      ['if (session.depth === 0) traces.get(session)?.end()', 'traces.get(session)?.end()'],
      ['return made === undefined ? run(context) : made()', 'return run(context)'],
      [
        "if (state.token !== undefined) setOn(own, 'session.id', session.id)",
        "setOn(own, 'session.id', session.id)",
      ],
      ['if (isOver || own === undefined) return', 'if (own === undefined) return'],
      ["tell(isGivenUp ? 'timeout' : 'failed')", "tell('failed')"],
      ['tried: () => void (tries += 1)', 'tried: () => undefined'],
      ["if (ok === false) return { outcome: gone ?? why ?? 'refused' }", ''],
      ['cache: isCopy === true', 'cache: false'],
      ['Object.keys(entries).length', '0'],
      [
        'own === undefined || isOver || tracing.withActiveSpan',
        'own === undefined || tracing.withActiveSpan',
      ],
    ],
  },
]
