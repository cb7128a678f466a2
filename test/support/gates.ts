/** A place in the handlers of several requests where they wait for each other, or for the test. No time is involved. */
export interface Gate {
  readonly name: string
  /** Waits until the gate is open. */
  pass(): Promise<void>
  /** Waits until as many requests as this stand there. */
  arrived(count: number): Promise<void>
  open(): void
}

// A request may not await what another one resolves, so each looks by itself.
const LOOK_MS = 1
const gates = new Map<string, Gate>()

export function newGate(): Gate {
  const state = { arrivals: 0, isOpen: false }
  const until = async (isDone: () => boolean): Promise<void> => {
    // oxlint-disable-next-line no-await-in-loop
    while (!isDone()) await scheduler.wait(LOOK_MS)
  }
  const gate: Gate = {
    name: crypto.randomUUID(),
    pass: () => {
      state.arrivals += 1
      return until(() => state.isOpen)
    },
    arrived: (count) => until(() => state.arrivals >= count),
    open: () => void (state.isOpen = true),
  }
  gates.set(gate.name, gate)
  return gate
}

/** Lets other requests go on, so many times. No time passes. */
export async function giveWay(times: number): Promise<void> {
  // oxlint-disable-next-line no-await-in-loop
  for (let each = 0; each < times; each += 1) await scheduler.wait(0)
}

/** Waits at the gate of this name; at none if there is no name. */
export async function passGate(name: string | null): Promise<void> {
  if (name !== null) await gates.get(name)?.pass()
}

/** Sends so many requests that wait at one gate, which opens when all of them stand there. Returns the answers. */
export async function together<T>(
  count: number,
  send: (gate: Gate, index: number) => Promise<T>,
): Promise<T[]> {
  const gate = newGate()
  const answers = Promise.all(Array.from({ length: count }, (_, index) => send(gate, index)))
  await Promise.race([gate.arrived(count), answers])
  gate.open()
  return answers
}

/** Sends a request that waits at a gate, and has it go on when the other work is done. Returns what both came to. */
export async function during<Slow, Quick>(
  send: (gate: Gate) => Promise<Slow>,
  work: () => Promise<Quick>,
): Promise<[Slow, Quick]> {
  const gate = newGate()
  const slow = send(gate)
  await Promise.race([gate.arrived(1), slow])
  const done = await work()
  gate.open()
  return [await slow, done]
}
