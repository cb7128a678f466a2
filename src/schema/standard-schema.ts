import { SessionError } from '../errors.ts'
import type { DeepReadonly } from '../session/data.ts'

/**
 * A schema of any library that follows Standard Schema, version 1 (standardschema.dev): zod from 3.24, valibot, arktype.
 * Declared here, as its specification invites to, so that nothing has to be installed.
 */
export interface DataSchema<Output = unknown, Input = unknown> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => Verdict | Promise<Verdict>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

/**
 * Holds a schema to checking: what it gives has to be what it takes, as far as types tell. What it made of stored values
 * (`z.string().transform(Number)`) would not be what the session gives.
 */
export type Checking<Output, Input> =
  DeepReadonly<Output> extends DeepReadonly<Input>
    ? unknown
    : { readonly schema: 'A schema of a session checks: what it gives has to be what it takes.' }

type Verdict =
  | { readonly value: unknown; readonly issues?: undefined }
  | { readonly issues: readonly Issue[] }

interface Issue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** A dictionary's values by key. */
export type Dictionary = Readonly<Record<string, unknown>>

/** What is wrong with a dictionary. */
export interface Faults {
  /** The keys whose values the schema refuses. */
  readonly keys: readonly string[]
  /** Whether it is all that the schema describes, and nothing else. */
  readonly isComplete: boolean
}

/**
 * What a schema says of a stored dictionary. A key that is absent is no fault, since any may be. What the schema finds
 * wrong with the whole, such as a key too many or two that don't fit together, is the fault of the keys that it refuses
 * by themselves, or else of all.
 */
export function faultsOf(schema: DataSchema, values: Dictionary): Faults {
  const present = Object.keys(values)
  const verdict = verdictOn(schema, values)
  if (verdict.issues === undefined) {
    const known = Object.keys(Object(verdict.value))
    return { keys: [], isComplete: present.every((key) => known.includes(key)) }
  }
  const places = new Set(verdict.issues.map(placeOf))
  const refused = present.filter((key) => places.has(key))
  if (!places.has(undefined)) return { keys: refused, isComplete: false }
  const refusedAlone = present.filter(
    (key) =>
      verdictOn(schema, { [key]: values[key] })
        .issues?.map(placeOf)
        .some((place) => place === undefined || place === key) === true,
  )
  const keys = [...new Set([...refused, ...refusedAlone])]
  return { keys: keys.length === 0 ? present : keys, isComplete: false }
}

/** What the schema says of one key's value, whatever the others are: the issues, or `undefined` where all is well. */
export function issuesWith(
  schema: DataSchema,
  key: string,
  value: unknown,
): readonly Issue[] | undefined {
  const { issues = [] } = verdictOn(schema, { [key]: value })
  const own = issues.filter((issue) => placeOf(issue) === key)
  return own.length === 0 ? undefined : own
}

function verdictOn(schema: DataSchema, values: Dictionary): Verdict {
  const verdict = schema['~standard'].validate(values)
  if (!(verdict instanceof Promise)) return verdict
  // Nobody waits for it, so its failure is nobody's either.
  verdict.catch(() => undefined)
  throw new SessionError(
    'ERR_OPTION',
    'schema validates asynchronously, and a session checks at once. Leave out what has to be awaited.',
  )
}

/** The key of the dictionary that an issue lies under; `undefined` where it is about the whole. */
function placeOf({ path = [] }: Issue): string | undefined {
  const [first] = path
  const key = typeof first === 'object' ? first.key : first
  return key === undefined ? undefined : String(key)
}
