export type { CookieAttributes } from './codec/cookie.ts'
export type { Secrets } from './codec/secrets.ts'
export { SessionError, type SessionErrorCode } from './errors.ts'
export {
  type Answer,
  createSessions,
  type HasSession,
  type Incoming,
  type RequestContext,
  type RoutedRequest,
  type Sessions,
} from './http/create-sessions.ts'
export type { RefusedReason, SessionEvent } from './http/event.ts'
export type { SessionOptions } from './http/options.ts'
export type { DeepReadonly } from './session/data.ts'
export type { Session } from './session/session.ts'
export type { Serializer } from './session/value.ts'
export type { SessionStore } from './store/store.ts'
