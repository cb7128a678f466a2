import { SessionError } from '../errors.ts'

/**
 * Returns the Response to send for a handler's result: the Response itself, or the value as JSON. A Response of another
 * realm, such as a polyfill's, is copied into one of this runtime. Throws `ERR_VALUE` for a value that JSON cannot
 * represent, at any depth.
 */
export function responseOf(result: unknown): Response {
  if (result instanceof Response) return result
  if (isResponse(result)) return nativeOf(result)
  let fault: string | undefined
  let cause: unknown
  try {
    const response = Response.json(result)
    // After JSON.stringify, which refuses cycles.
    fault = result === undefined ? 'undefined' : faultIn(result)
    if (fault === undefined) return response
  } catch (error) {
    fault = typeof result === 'object' ? 'a bigint, a cycle or a failed toJSON()' : typeof result
    cause = error
  }
  throw new SessionError(
    'ERR_VALUE',
    `The handler returned a value that JSON cannot represent: ${fault}. Return a Response, such as new Response(blob), or plain objects and arrays.`,
    { cause },
  )
}

/** Returns the kind of a part that JSON would drop or turn into `{}`, or `undefined` if there is none. */
function faultIn(result: unknown): string | undefined {
  // Without recursion, since JSON accepts values nested deeper than our stack allows.
  const parts = [result]
  while (parts.length > 0) {
    const value = jsonOf(parts.pop())
    if (isLost(value)) return typeof value
    if (!isObject(value)) continue
    if (!isPlain(value) && isOpaque(value)) return kindOf(value)
    for (const item of Object.values(value)) if (isObject(item) || isLost(item)) parts.push(item)
  }
  return undefined
}

/** True for a value that JSON omits. */
function isLost(value: unknown): boolean {
  return typeof value === 'function' || typeof value === 'symbol'
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** Returns the result of `toJSON()`, or else the value. */
function jsonOf(value: unknown): unknown {
  if (!isObject(value)) return value
  const { toJSON }: { readonly toJSON?: unknown } = value
  return typeof toJSON === 'function' ? Reflect.apply(toJSON, value, ['']) : value
}

function kindOf(value: object): string {
  const { name = '' }: { readonly name?: string } = Object(value.constructor)
  return name === '' ? Object.prototype.toString.call(value).slice('[object '.length, -1) : name
}

/** True for an array and for a plain object, also of another realm. */
function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) return true
  return Object.getPrototypeOf(prototype) === null
}

/** Objects of the runtime whose own properties are not their content: those of a subclass, or a stack. */
const OPAQUE = /^\[object (?:Error|DOMException|Map|Set|Promise|Blob|File|ReadableStream)\]$/

/** True for an object whose content JSON does not include: a Map, a stream, a promise, bytes, an Error. */
function isOpaque(value: object): boolean {
  const kind = Object.prototype.toString.call(value)
  return (
    ArrayBuffer.isView(value) ||
    Symbol.asyncIterator in value ||
    OPAQUE.test(kind) ||
    // JSON unwraps `new String('a')`.
    (Object.keys(value).length === 0 && !/ (?:String|Number|Boolean)\]$/.test(kind))
  )
}

/** True for a Response of any realm, which `instanceof` does not recognize. Data with a `status` has no methods. */
export function isResponse(value: unknown): value is Response {
  const { status, headers, arrayBuffer }: Partial<Response> = Object(value)
  return (
    typeof status === 'number' &&
    typeof arrayBuffer === 'function' &&
    typeof headers?.forEach === 'function'
  )
}

/** Returns the response as one of this realm. One that cannot be made here, such as 101, is returned unchanged. */
function nativeOf(response: Response): Response {
  const { status, statusText, body } = response
  if (status < 200 || status > 599) return response
  const headers = new Headers()
  response.headers.forEach((value, name) => headers.append(name, value))
  const hasBody = body !== null && ![204, 205, 304].includes(status)
  return new Response(hasBody ? streamOf(response) : null, { status, statusText, headers })
}

/** Returns the body as a stream of this realm. A polyfill without streams has the whole body available. */
function streamOf(response: Response): ReadableStream<Uint8Array> {
  const { body } = response
  if (body instanceof ReadableStream) return body
  const { from }: StreamMaker = Object(ReadableStream)
  return from(body ?? [response.arrayBuffer().then((bytes) => new Uint8Array(bytes))])
}

/** A part of the Streams Standard that is missing in the types of Workers. */
interface StreamMaker {
  readonly from: (chunks: unknown) => ReadableStream<Uint8Array>
}
