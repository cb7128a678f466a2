const [text = ''] = Object.values(
  import.meta.glob<string>('./cookie-vectors.json', {
    query: '?raw',
    import: 'default',
    eager: true,
  }),
)

/** What a verdict of a library was; `error` and `tornado_raises` are its own words. */
interface Verdict<Value> {
  readonly valid: boolean
  readonly value?: Value
  readonly error?: string
}

interface TornadoSigned {
  readonly id: string
  readonly secret: string | Record<number, string>
  readonly name: string
  readonly cookie: string
  readonly now: number
  readonly max_age_days: number
  readonly min_version: number | null
  readonly expect: Verdict<never> & { readonly value_b64?: string; readonly value_utf8?: string }
  readonly created_by?: {
    readonly value_b64: string
    readonly name: string
    readonly timestamp: number
    readonly version: number
    readonly key_version: number | null
  }
}

interface Signed {
  readonly id: string
  readonly kind: string
  readonly signed: string
  readonly now?: number
  readonly max_age?: number | null
  readonly set_cookie?: string
  readonly payload_json?: string
  readonly expect: Verdict<unknown>
}

/** The vectors by group, as the real libraries made them; `meta.fields` in the file says what each field means. */
export interface Vectors {
  readonly tornado_signed: readonly TornadoSigned[]
  readonly tornado_wire: readonly { readonly id: string; readonly set_cookie_pair: string }[]
  readonly tornado_cookie_header: readonly {
    readonly desc: string
    readonly cookie_header: string
    readonly tornado_parse_cookie: Record<string, string>
  }[]
  readonly tornado_xsrf: readonly {
    readonly desc: string
    readonly cookie: string
    readonly decoded: {
      readonly version: number | null
      readonly token_hex: string | null
      readonly timestamp: number | null
    }
  }[]
  readonly cookie_signature: readonly {
    readonly id: string
    readonly secret: string
    readonly signed: string
    readonly expect: Verdict<string>
  }[]
  readonly express_wire_cookie_2: readonly {
    readonly value: string
    readonly secret: string
    readonly set_cookie_pair: string
  }[]
  readonly cookie_parser: readonly {
    readonly desc: string
    readonly cookie: string
    readonly secret?: string | readonly string[]
    readonly signedCookie?: string | false
    readonly JSONCookie?: unknown
  }[]
  readonly express_session_e2e: readonly {
    readonly desc: string
    readonly secret?: readonly string[]
    readonly set_cookie: string | null
    readonly stored?: Record<string, string>
    readonly cookie_header?: string
    readonly sees_user?: string | null
  }[]
  readonly django: readonly (Signed & { readonly key: string; readonly salt: string })[]
  readonly itsdangerous_flask: readonly (Signed & { readonly secret: string | readonly string[] })[]
}

const { meta: _, ...groups } = JSON.parse(text) as Vectors & { readonly meta: unknown }

export const vectors: Vectors = groups

/** How many there are in all. */
export const vectorCount: number = Object.values(groups).reduce(
  (count: number, group: readonly unknown[]) => count + group.length,
  0,
)
