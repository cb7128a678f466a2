import * as workers from 'cloudflare:workers'

import type { Feature } from './request/feature.ts'
import { tracer, type Tracing } from './tracing/tracer.ts'

/**
 * Makes each session and each of its store calls a span, if the runtime has custom spans: `use: [tracing()]`. A span
 * has `session.id` and outcomes, but never a token, a user id, a key or a value. Does nothing in a request that is not
 * traced, and in other runtimes.
 */
export function tracing(): Feature {
  // Not a named import, which would fail to link in a runtime without it.
  const { tracing: spans }: { readonly tracing?: Tracing } = Object(workers)
  return tracer(spans)
}
