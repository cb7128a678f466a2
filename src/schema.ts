import { SessionError } from './errors.ts'
import { admitted, withMigration } from './schema/admit.ts'
import {
  type Checking,
  type DataSchema,
  type Dictionary,
  issuesWith,
} from './schema/standard-schema.ts'
import type { CodecSession, DataCodec } from './session/codec.ts'
import type { AnyData } from './session/data.ts'
import { JSON_CODEC } from './session/json.ts'

export type { DataSchema }

export interface CheckedOptions<Data extends object> {
  /**
   * Makes a dictionary of the present shape from a stored one that is not all that the schema describes, or more. What it
   * returns is written at once, unless another request was quicker; if it throws, or returns nothing, nothing is written.
   */
  readonly migrate?: (
    stored: Dictionary,
  ) => Partial<Data> | undefined | Promise<Partial<Data> | undefined>
  /** How the values become texts. Default JSON; `serialized(devalue)` for values that JSON would change. */
  readonly codec?: DataCodec
}

/**
 * A codec that holds the dictionary to a schema of any Standard Schema library (zod, valibot, arktype):
 * `data: checked(schema)`. The session's types come from it. `set` and `update` throw `ERR_VALUE` for a value that it
 * refuses; what it refuses of a stored dictionary counts as absent, with the event `invalid`. Every key may be absent all
 * the same. A schema checks: a value that it would change or fill in stays as it is. Throws `ERR_OPTION` for anything that
 * does not follow Standard Schema, for a `migrate` that is not a function, and for a `codec` that is not one.
 */
export function checked<Data extends object, In = Data, Flash extends object = AnyData>(
  schema: DataSchema<Data, In> & Checking<Data, In>,
  { migrate, codec = JSON_CODEC }: CheckedOptions<NoInfer<Data>> = {},
): DataCodec<Data, Flash> {
  checkArguments(schema, migrate, codec)
  const check = (session: CodecSession): Parameters<typeof admitted>[0] => ({
    codec,
    schema,
    migrate,
    session,
  })
  const own: DataCodec = {
    ...codec,
    codec: 'checked',
    check: (key, value) => issuesWith(schema, key, value),
    admit: (entries, session) => admitted(check(session), entries),
    ...(migrate && {
      complete: (entries, recorded, session) => withMigration(session, entries, recorded),
    }),
  }
  // Types have no value.
  return own as DataCodec<Data, Flash>
}

function checkArguments(schema: unknown, migrate: unknown, codec: unknown): void {
  const fault = [
    [
      typeof Object(Object(schema)['~standard']).validate !== 'function',
      'the schema does not follow Standard Schema. Use zod (3.24 or later), valibot, arktype or another library that does.',
    ],
    [migrate !== undefined && typeof migrate !== 'function', 'migrate is not a function.'],
    [
      typeof Object(codec).codec !== 'string',
      'codec is not a codec. Write codec: serialized(devalue).',
    ],
  ].find(([isWrong]) => isWrong === true)
  if (fault !== undefined) throw new SessionError('ERR_OPTION', `checked(): ${String(fault[1])}`)
}
