import { type Entry, operationsOf } from './history.ts'
import { IMPOSSIBLE, isLinearizable, type Operation } from './linearizable.ts'

/** What a session holds under one key, as JSON text, and whose it is: another user's sign-in deletes it. */
interface Cell {
  readonly user?: string | undefined
  readonly text?: string | undefined
}

/** Returns the keys of sessions whose history no dictionary could have, in words. */
export function faultsOfKeys(entries: readonly Entry[]): string[] {
  const sessions = new Set(entries.map(({ session }) => session))
  return [...sessions].flatMap((session) => {
    const own = operationsOf(session, entries)
    const keys = new Set(own.flatMap(({ key }) => (key === undefined ? [] : [key])))
    return [...keys].flatMap((key) => {
      const operations = own.flatMap((entry) => operationOn(key, entry))
      if (isLinearizable<Cell>(operations, {})) return []
      return [`${key} of session ${session.slice(0, 6)} is not that of one dictionary`]
    })
  })
}

function operationOn(key: string, entry: Entry): Operation<Cell>[] {
  const { does, start, end, outcome } = entry
  const isOfAll = does === 'clear' || does === 'signIn'
  if (!isOfAll && entry.key !== key) return []
  const apply = (cell: Cell): Cell | typeof IMPOSSIBLE => applied(cell, entry)
  return [{ what: does, start, end: outcome === 'done' ? end : Infinity, apply }]
}

/** Returns the cell after an operation, as a sequential dictionary has it. */
function applied(cell: Cell, { does, wrote, result, outcome }: Entry): Cell | typeof IMPOSSIBLE {
  const { user, text } = cell
  const isDone = outcome === 'done'
  const answer = (right: string | undefined, next: Cell): Cell | typeof IMPOSSIBLE =>
    isDone && result !== right ? IMPOSSIBLE : next
  switch (does) {
    case 'get':
      return answer(text, cell)
    case 'set':
      return { user, text: wrote }
    case 'delete':
    case 'clear':
      return { user }
    case 'take':
      return answer(text, { user })
    case 'increment': {
      const sum = String(Number(text ?? '0') + 1)
      return answer(sum, { user, text: sum })
    }
    case 'update': {
      const before = text === undefined ? '' : String(JSON.parse(text))
      const next = JSON.stringify(`${before}+${wrote ?? ''}`)
      return answer(next, { user, text: next })
    }
    case 'signIn':
      return user === undefined || user === wrote ? { user: wrote, text } : { user: wrote }
    default:
      return cell
  }
}
