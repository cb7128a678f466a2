import { SessionError } from '../errors.ts'
import type { DeepReadonly } from '../session/data.ts'

/**
 * A schema of any library that follows Standard Schema, version 1 (standardschema.dev), such as zod from 3.24, valibot
 * and arktype. Declared here, as the specification suggests, so that no package is needed.
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
 * Requires a schema that only checks: its output type must be its input type. The session does not return transformed
 * values, such as those of `z.string().transform(Number)`.
 */
export type Checking<Output, Input> =
  DeepReadonly<Output> extends DeepReadonly<Input>
    ? unknown
    : {
        readonly schema: 'A session schema must only check: its output type must be its input type.'
      }

type Verdict =
  | { readonly value: unknown; readonly issues?: undefined }
  | { readonly issues: readonly Issue[] }

interface Issue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** A dictionary's values by key. */
export type Dictionary = Readonly<Record<string, unknown>>

/** The faults of a dictionary. */
export interface Faults {
  /** The keys whose values the schema refuses. */
  readonly keys: readonly string[]
  /** True if the dictionary has all keys that the schema describes, and no others. */
  readonly isComplete: boolean
}

/**
 * Returns a schema's faults in a stored dictionary. An absent key is not a fault. An issue with the whole dictionary,
 * such as an extra key or two keys that do not match, counts against the keys whose values are invalid by themselves,
 * or else against all.
 */
export function faultsOf(schema: DataSchema, values: Dictionary): Faults {
  const present = Object.keys(values)
  const verdict = verdictOn(schema, values)
  if (verdict.issues === undefined) {
    const known = new Set(Object.keys(Object(verdict.value)))
    return { keys: [], isComplete: present.every((key) => known.has(key)) }
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

/**
 * Returns the schema's issues with one key's value, regardless of the others, or the error of a schema that throws.
 * Returns `undefined` if the value is valid. Throws `ERR_OPTION` for an asynchronous schema.
 */
export function issuesWith(schema: DataSchema, key: string, value: unknown): unknown {
  try {
    const { issues = [] } = verdictOn(schema, { [key]: value })
    const own = issues.filter((issue) => placeOf(issue) === key)
    return own.length === 0 ? undefined : own
  } catch (error) {
    if (error instanceof SessionError) throw error
    // Its message may contain the value, so it becomes the cause of our error.
    return error ?? new TypeError('The schema threw undefined.')
  }
}

function verdictOn(schema: DataSchema, values: Dictionary): Verdict {
  const verdict = schema['~standard'].validate(values)
  if (!('then' in verdict)) return verdict
  // The promise is not awaited, so its rejection is ignored.
  verdict.then(undefined, () => undefined)
  throw new SessionError(
    'ERR_OPTION',
    'schema validates asynchronously, but a session needs a synchronous schema. Remove its asynchronous checks.',
  )
}

/** Returns the dictionary's key that an issue is about, or `undefined` if it is about the whole. */
function placeOf({ path = [] }: Issue): string | undefined {
  const [first] = path
  const key = typeof first === 'object' ? first.key : first
  return key === undefined ? undefined : String(key)
}
