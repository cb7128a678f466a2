import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'

/** Has the place of a value that is only partly known. */
class Asymmetric {
  readonly accepts: (value: unknown) => boolean
  constructor(accepts: (value: unknown) => boolean) {
    this.accepts = accepts
  }
}

type Values = Readonly<Record<string, unknown>>

function isObject(value: unknown): value is Values {
  return typeof value === 'object' && value !== null
}

function isPlain(value: unknown): value is Values {
  if (!isObject(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return Array.isArray(value) || prototype === Object.prototype || prototype === null
}

/** Compares as `toEqual` does: without prototypes, and an absent property is an undefined one. */
export function isEqual(value: unknown, expected: unknown): boolean {
  if (expected instanceof Asymmetric) return expected.accepts(value)
  if (value instanceof Error && expected instanceof Error) return value.message === expected.message
  if (expected instanceof Map && value instanceof Map) return isEqual([...value], [...expected])
  if (!isPlain(expected) || !isObject(value)) return isDeepStrictEqual(value, expected)
  return lengthOf(value) === lengthOf(expected) && haveEqual(value, expected)
}

function lengthOf(value: unknown): number | undefined {
  return Array.isArray(value) ? value.length : undefined
}

function haveEqual(value: Values, expected: Values): boolean {
  const names = new Set([...Object.keys(expected), ...Object.keys(value)])
  return [...names].every((name) => isEqual(value[name], expected[name]))
}

function isMatching(value: unknown, expected: unknown): boolean {
  if (expected instanceof Asymmetric) return expected.accepts(value)
  if (Array.isArray(expected)) {
    const isLong = Array.isArray(value) && value.length === expected.length
    return isLong && expected.every((each, index) => isMatching(value[index], each))
  }
  if (!isPlain(expected)) return isEqual(value, expected)
  return (
    isObject(value) &&
    Object.entries(expected).every(([name, each]) => isMatching(value[name], each))
  )
}

function isThrown(error: unknown, expected: unknown): boolean {
  const message = error instanceof Error ? error.message : String(error)
  if (expected === undefined) return true
  if (typeof expected === 'string') return message.includes(expected)
  if (expected instanceof RegExp) return expected.test(message)
  if (typeof expected === 'function') {
    return error instanceof (expected as new () => unknown)
  }
  return expected instanceof Error ? message === expected.message : isMatching(error, expected)
}

function thrownBy(run: unknown): { readonly error: unknown } | undefined {
  try {
    ;(run as () => unknown)()
    return undefined
  } catch (error) {
    return { error }
  }
}

type Matcher = (value: never, ...expected: never[]) => boolean

const MATCHERS: Readonly<Record<string, Matcher>> = {
  toBe: (value, expected) => Object.is(value, expected),
  toEqual: isEqual,
  toStrictEqual: isEqual,
  toMatchObject: isMatching,
  toHaveLength: ({ length }: { length: number }, expected: number) => length === expected,
  toContain: (value: string | Iterable<unknown>, expected: string) =>
    typeof value === 'string' ? value.includes(expected) : [...value].includes(expected),
  toContainEqual: (value: Iterable<unknown>, expected) =>
    [...value].some((each) => isEqual(each, expected)),
  toMatch: (value: string, expected: string | RegExp) =>
    typeof expected === 'string' ? value.includes(expected) : value.search(expected) >= 0,
  toBeLessThan: (value: number, expected: number) => value < expected,
  toBeLessThanOrEqual: (value: number, expected: number) => value <= expected,
  toBeGreaterThan: (value: number, expected: number) => value > expected,
  toBeGreaterThanOrEqual: (value: number, expected: number) => value >= expected,
  toBeInstanceOf: (value, expected: new () => unknown) => (value as unknown) instanceof expected,
  toBeNull: (value) => value === null,
  toBeDefined: (value) => value !== undefined,
  toBeUndefined: (value) => value === undefined,
  toBeTruthy: (value) => Boolean(value),
  toBeFalsy: (value) => !(value as boolean),
  toSatisfy: (value, accepts: (value: unknown) => boolean) => accepts(value),
  toHaveProperty: (value: object, name: string) => name in value,
}

type Expectation = Record<string, (...expected: never[]) => unknown>

function expectation(value: unknown, isNot: boolean): Expectation {
  const check = (name: string, isRight: boolean): void => {
    if (isRight === isNot) assert.fail(`${isNot ? 'not ' : ''}${name}`)
  }
  const matchers = Object.entries(MATCHERS).map(([name, matches]) => [
    name,
    (...expected: never[]) => check(name, matches(value as never, ...expected)),
  ])
  const toThrow = (expected?: unknown): void => {
    const thrown = thrownBy(value)
    check('toThrow', thrown !== undefined && isThrown(thrown.error, expected))
  }
  return { ...Object.fromEntries(matchers), toThrow, toThrowError: toThrow } as Expectation
}

/** Applies a matcher to what a promise ends in. */
function later(promise: unknown, isRejection: boolean, isNot = false): object {
  const names = [...Object.keys(MATCHERS), 'toThrow', 'toThrowError']
  const settled = async (): Promise<unknown> => {
    const given: unknown = typeof promise === 'function' ? (promise as () => unknown)() : promise
    if (!isRejection) return given
    try {
      await given
    } catch (error) {
      return error
    }
    return assert.fail('It did not reject.')
  }
  const matchers = names.map((name) => [
    name,
    async (...expected: never[]) => {
      const value = await settled()
      const subject = name.startsWith('toThrow')
        ? () => {
            throw value
          }
        : value
      expectation(subject, isNot)[name]?.(...expected)
    },
  ])
  return {
    ...Object.fromEntries(matchers),
    ...(!isNot && { not: later(promise, isRejection, true) }),
  } as object
}

const contains = (whole: Iterable<unknown>, part: readonly unknown[]): boolean =>
  part.every((each) => [...whole].some((one) => isEqual(one, each)))

const TYPES = new Map<unknown, string>([
  [String, 'string'],
  [Number, 'number'],
  [Boolean, 'boolean'],
  [Function, 'function'],
  [Object, 'object'],
])

export const expect: object = Object.assign(
  (value: unknown) => ({
    ...expectation(value, false),
    not: expectation(value, true),
    get resolves() {
      return later(value, false)
    },
    get rejects() {
      return later(value, true)
    },
  }),
  {
    any: (kind: new () => unknown) =>
      new Asymmetric((value) => typeof value === TYPES.get(kind) || value instanceof kind),
    anything: () => new Asymmetric((value) => value !== undefined && value !== null),
    objectContaining: (part: object) =>
      new Asymmetric(
        (value) =>
          isObject(value) &&
          Object.entries(part).every(([name, each]) => name in value && isEqual(value[name], each)),
      ),
    arrayContaining: (part: readonly unknown[]) =>
      new Asymmetric((value) => Array.isArray(value) && contains(value, part)),
    stringContaining: (part: string) => new Asymmetric((value) => String(value).includes(part)),
    stringMatching: (part: string | RegExp) =>
      new Asymmetric((value) => typeof value === 'string' && value.search(part) >= 0),
  },
)
