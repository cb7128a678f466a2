import type { Patch } from '../session/patch.ts'
import type { CallContext } from './store.ts'

/** Stands for an infinite number of milliseconds: added to the present time, it is still a time that `Date` can hold. */
const FOREVER = 8.64e15 / 2

/**
 * Returns a number of milliseconds that JSON keeps, in a message and in storage: an infinite one becomes a very long
 * one. Throws a `TypeError` for NaN and anything that is not a number, since no comparison with it would be true.
 */
export function finite(milliseconds: number): number {
  if (Number.isFinite(milliseconds)) return milliseconds
  if (milliseconds === Infinity) return FOREVER
  throw new TypeError(
    `A time or a timeout is ${milliseconds}. Every time and timeout must be a number of milliseconds.`,
  )
}

/** Returns the context with finite numbers. Throws a `TypeError` if one is not a number. */
export function finiteContext(context: CallContext): CallContext {
  const { now, idle, absolute, touch } = context
  return {
    ...context,
    now: finite(now),
    idle: finite(idle),
    absolute: finite(absolute),
    touch: finite(touch),
  }
}

/** Returns the patch with a finite `onceUntil`. */
export function finitePatch(patch: Patch): Patch {
  const { onceUntil } = patch
  return onceUntil === undefined ? patch : { ...patch, onceUntil: finite(onceUntil) }
}
