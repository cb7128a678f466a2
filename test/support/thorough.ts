import { inject } from 'vitest'

/**
 * True in `npm run check:coverage`, which is part of `npm run test:long`. `npm test` has the same promises with fewer runs
 * of a property, and plays what every store does on one store of a kind.
 */
export const IS_THOROUGH: boolean = inject('isThorough')

/** Returns how often a property is tried: as often as is said, or a tenth of that in `npm test`. */
export function runs(all: number): number {
  return IS_THOROUGH ? all : Math.ceil(all / 10)
}
