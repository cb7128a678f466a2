import { SessionError } from './errors.ts'
import { admitted, retriedMigration, withMigration } from './schema/admit.ts'
import {
  type Checking,
  type DataSchema,
  type Dictionary,
  issuesWith,
} from './schema/standard-schema.ts'
import type { CodecSession, DataCodec } from './session/codec.ts'
import type { AnyData, Storable } from './session/data.ts'
import { JSON_CODEC } from './session/json.ts'

export type { DataSchema }

export interface CheckedOptions<Data extends object> {
  /**
   * Migrates a stored dictionary with missing, extra or invalid keys to the current schema. The result is written
   * immediately, unless another request was faster. If it throws or returns nothing, nothing is written.
   */
  readonly migrate?: (
    stored: Dictionary,
  ) => Partial<Data> | undefined | Promise<Partial<Data> | undefined>
  /** Converts values to text. Default JSON. Use `serialized(devalue)` for values that JSON would change. */
  readonly codec?: DataCodec
}

/** The options are required, with a `codec`, if JSON would change a value of the data, such as a Date. */
type OptionsFor<Data extends object> = [Data] extends [Storable<Data>]
  ? [options?: CheckedOptions<Data>]
  : [options: CheckedOptions<Data> & { readonly codec: DataCodec }]

/**
 * Returns a codec that validates the dictionary with a schema of any Standard Schema library (zod, valibot, arktype):
 * `data: checked(schema)`. The session's types are inferred from the schema. `set` and `update` throw `ERR_VALUE` for
 * an invalid value. An invalid stored value counts as absent, with the event `invalid`. Any key may still be absent.
 * The schema only checks: a value that it would transform or fill in stays unchanged. Throws `ERR_OPTION` if the schema
 * does not follow Standard Schema, `migrate` is not a function, or `codec` is not a codec.
 */
export function checked<Data extends object, In = Data, Flash extends object = AnyData>(
  schema: DataSchema<Data, In> & Checking<Data, In>,
  ...[options = {}]: OptionsFor<NoInfer<Data>>
): DataCodec<Data, Flash> {
  const { migrate, codec = JSON_CODEC } = options
  checkArguments(schema, migrate, codec)
  const check = (session: CodecSession): Parameters<typeof admitted>[0] => ({
    codec,
    schema,
    migrate,
    session,
  })
  const own: DataCodec = {
    codec: 'checked',
    // One by one, because a codec may be an instance of a class.
    encode: (key, value) => codec.encode(key, value),
    decode: (text) => codec.decode(text),
    thaw: (text) => (codec.thaw === undefined ? JSON.parse(text) : codec.thaw(text)),
    watch: (text, value) => codec.watch?.(text, value),
    check: (key, value) => issuesWith(schema, key, value),
    admit: (entries, session) => admitted(check(session), entries),
    ...(migrate && {
      complete: (entries, recorded, session) => withMigration(session, entries, recorded),
      prepare: (entries, session) => retriedMigration(session, entries),
    }),
  }
  // The types exist only at compile time.
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
