/* oxlint-disable no-await-in-loop -- it asks again until the check holds */
export type Run = (...parameters: unknown[]) => unknown

interface Spy {
  (this: unknown, ...parameters: unknown[]): unknown
  readonly mock: { readonly calls: unknown[][] }
  readonly mockImplementation: (run: Run) => Spy
  readonly mockReturnValue: (value: unknown) => Spy
  readonly mockRestore: () => void
}

const spies = new Set<Spy>()

/** Replaces a method by one that notes its calls, until it is restored. */
function spyOn(target: object, name: string): Spy {
  const before = Object.getOwnPropertyDescriptor(target, name)
  let run = Reflect.get(target, name) as Run
  const calls: unknown[][] = []
  function called(this: unknown, ...parameters: unknown[]): unknown {
    calls.push(parameters)
    return Reflect.apply(run, this, parameters)
  }
  const spy: Spy = Object.assign(called, {
    mock: { calls },
    mockImplementation: (other: Run) => {
      run = other
      return spy
    },
    mockReturnValue: (value: unknown) => spy.mockImplementation(() => value),
    mockRestore: () => {
      if (before === undefined) Reflect.deleteProperty(target, name)
      else Object.defineProperty(target, name, before)
    },
  })
  Object.defineProperty(target, name, { value: spy, configurable: true, writable: true })
  spies.add(spy)
  return spy
}

export const vi: object = {
  spyOn,
  restoreAllMocks: () => {
    for (const spy of spies) spy.mockRestore()
    spies.clear()
  },
  useRealTimers: () => undefined,
  waitFor: async (check: Run, { timeout = 1000 } = {}) => {
    for (const end = Date.now() + timeout; ;) {
      try {
        return await check()
      } catch (error) {
        if (Date.now() > end) throw error
      }
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  },
}
