import type { Feature } from '../request/feature.ts'
import { tracer } from './tracer.ts'

/** Does nothing: this runtime is not workerd, and has no custom spans. */
export function tracing(): Feature {
  return tracer(undefined)
}
