import type { Patch } from '../session/patch.ts'
import type { CallContext } from './store.ts'

/**
 * Stands for an infinite duration: 60 years. KV has no longer time to live (a 32-bit number of seconds), and an object
 * no alarm after 2189.
 */
const FOREVER_MS = 60 * 366 * 24 * 3_600_000

/**
 * Returns a duration in milliseconds that JSON keeps, in a message and in storage: an infinite one becomes a very long
 * one. Throws a `TypeError` for NaN and anything that is not a number, since no comparison with it is true.
 */
export function finite(milliseconds: number): number {
  return milliseconds === Infinity ? FOREVER_MS : finiteTime(milliseconds)
}

/** Returns a time in milliseconds since 1970. Throws a `TypeError` if it is not a finite number. */
export function finiteTime(milliseconds: number): number {
  if (Number.isFinite(milliseconds)) return milliseconds
  throw new TypeError(
    `A time or a timeout is ${milliseconds}. Each must be a number of milliseconds.`,
  )
}

/** Returns the context with finite numbers. Throws a `TypeError` if one is not a number. */
export function finiteContext(context: CallContext): CallContext {
  const { now, idle, absolute, touch } = context
  return {
    ...context,
    now: finiteTime(now),
    idle: finite(idle),
    absolute: finite(absolute),
    touch: finite(touch),
  }
}

/** Returns the patch with a finite `onceUntil`. Throws a `TypeError` if that is not a number. */
export function finitePatch(patch: Patch, now: number): Patch {
  const { onceUntil } = patch
  return onceUntil === undefined ? patch : { ...patch, onceUntil: now + finite(onceUntil - now) }
}
