import { type Entry, History } from './history.ts'

/** A call of the store that was let through, and what the history held before it. */
export interface Step {
  /** Which of the requests has made it. */
  readonly of: number
  readonly isRead: boolean
  readonly before: Mark
}

/** How far a history has come: its place in the order of events, and how much each of its lists holds. */
export interface Mark {
  readonly place: number
  readonly entries: number
  readonly sights: number
  readonly responses: number
}

export function markOf(history: History): Mark {
  const { entries, sights, responses } = history
  return {
    place: history.next(),
    entries: entries.length,
    sights: sights.length,
    responses: responses.length,
  }
}

/**
 * Returns the orders of steps that differ from this one only by reads that follow each other, this one first. A read changes
 * nothing in the store, so in all of them each request gets the same answers.
 */
export function alikeOrders(steps: readonly Step[]): (readonly number[])[] {
  let orders: (readonly number[])[] = [[]]
  for (let index = 0; index < steps.length;) {
    const run = runOfReads(steps, index)
    orders = orders.flatMap((order) => shuffles(run, steps).map((each) => [...order, ...each]))
    index += run.length
  }
  return orders
}

/** Returns the places of the reads that follow each other from here on, or that of the one step here. */
function runOfReads(steps: readonly Step[], start: number): number[] {
  const end = steps.findIndex(({ isRead }, index) => index >= start && !isRead)
  const length = (end < 0 ? steps.length : end) - start
  return Array.from({ length: Math.max(1, length) }, (_, index) => start + index)
}

/** Returns the orders of these steps in which those of each request keep their order. */
function shuffles(places: readonly number[], steps: readonly Step[]): (readonly number[])[] {
  if (places.length < 2) return [places]
  return places.flatMap((first, index) => {
    const isNext = places.slice(0, index).every((place) => steps[place]?.of !== steps[first]?.of)
    if (!isNext) return []
    const rest = places.toSpliced(index, 1)
    return shuffles(rest, steps).map((each) => [first, ...each])
  })
}

/** Returns the history that the steps would have had in this order: what followed each of them follows it there, too. */
export function reordered(
  history: History,
  { steps, order, end }: { steps: readonly Step[]; order: readonly number[]; end: Mark },
): History {
  const marks = [...steps.map(({ before }) => before), end]
  const [first = end] = marks
  const spans = order.map((step) => [marks[step] ?? end, marks[step + 1] ?? end] as const)
  const moved = new Map<number, number>()
  let next = first.place
  for (const [from, to] of spans) {
    for (let place = from.place; place < to.place; place += 1) {
      moved.set(place, next)
      next += 1
    }
  }
  const at = (place: number): number => moved.get(place) ?? place
  const inOrder = <T>(list: readonly T[], name: 'entries' | 'sights' | 'responses'): T[] => [
    ...list.slice(0, first[name]),
    ...spans.flatMap(([from, to]) => list.slice(from[name], to[name])),
    ...list.slice(end[name]),
  ]
  const result = new History()
  const placed = (entry: Entry): Entry => ({ ...entry, start: at(entry.start), end: at(entry.end) })
  result.entries.push(...inOrder(history.entries, 'entries').map(placed))
  result.sights.push(
    ...inOrder(history.sights, 'sights').map((sight) => ({
      ...sight,
      start: at(sight.start),
      end: at(sight.end),
    })),
  )
  result.responses.push(
    ...inOrder(history.responses, 'responses').map((response) => ({
      ...response,
      order: at(response.order),
      arrived: at(response.arrived),
    })),
  )
  result.errors.push(...history.errors)
  result.unseen.push(...history.unseen)
  return result
}
