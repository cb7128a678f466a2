import { SessionError } from '../errors.ts'

/**
 * Throws `ERR_OPTION` for a maximum age that is not a number of seconds. With NaN, no value would ever be too old.
 * Absent means no maximum.
 */
export function checkMaxAge(maxAge: unknown): void {
  if (maxAge === undefined || maxAge === null) return
  if (typeof maxAge === 'number' && !Number.isNaN(maxAge)) return
  throw new SessionError(
    'ERR_OPTION',
    'maxAge must be a number of seconds. Leave it out for no maximum.',
  )
}
