import type { RequestLike } from '../request/request-like.ts'
import type { Account, Device } from '../session/account.ts'
import type { ListedSession } from '../store/user-index/user-list.ts'
import type { SignInDetails } from './details.ts'

/** Browsers' user agents have 100 to 200 characters, but a visitor may send anything. */
const MAX_CHARACTERS = 256

/** Returns a list's details of the device that signed in: the application's, or else the request's. */
export function deviceDetails(
  request: RequestLike,
  { userAgent = request.headers.get('user-agent') ?? undefined, country, label }: SignInDetails,
): Pick<ListedSession, 'userAgent' | 'country' | 'label'> {
  return {
    userAgent: userAgent?.slice(0, MAX_CHARACTERS),
    country: (country ?? countryOf(request))?.slice(0, 2),
    label: label?.slice(0, MAX_CHARACTERS),
  }
}

/** Returns the device to store with a session, so that a use of its cookie from another device is detected. */
export function deviceOf(request: RequestLike): Device {
  const country = countryOf(request)
  const agent = fingerprint(request.headers.get('user-agent') ?? '')
  return country === undefined ? { agent } : { agent, country }
}

/** Returns the difference between a signed-in session's device and the request's, or `undefined` if there is none. */
export function changedDevice(
  { device }: Account,
  request: RequestLike,
): 'user-agent' | 'country' | undefined {
  if (device === undefined) return undefined
  const present = deviceOf(request)
  if (present.agent !== device.agent) return 'user-agent'
  return present.country === device.country ? undefined : 'country'
}

function countryOf({ cf }: RequestLike): string | undefined {
  const { country }: { readonly country?: unknown } = cf ?? {}
  return typeof country === 'string' ? country : undefined
}

/** Returns a 32-bit FNV-1a hash. It only tells two browsers apart, so it need not be secure. */
function fingerprint(text: string): string {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  }
  return (hash >>> 0).toString(36)
}
