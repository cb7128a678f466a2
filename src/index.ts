export type { CookieAttributes } from './codec/cookie.ts'
export type { Secrets } from './codec/secrets.ts'
export { SessionError, type SessionErrorCode } from './errors.ts'
export type { Adopted } from './http/adopt.ts'
export {
  type Answer,
  createSessions,
  type HasSession,
  type Incoming,
  type RequestContext,
  type RoutedRequest,
  type Sessions,
} from './http/create-sessions.ts'
export type { RequestLike } from './http/device.ts'
export type { RefusedReason, SessionEvent } from './http/event.ts'
export { jsonLog } from './http/json-log.ts'
export type {
  ClearSiteDirective,
  DataOptions,
  ReadCacheOptions,
  SessionOptions,
  StoreFailureHandler,
} from './http/options.ts'
export { TIMEOUTS } from './http/timeouts.ts'
export type { Aal, SignInDetails } from './session/account.ts'
export type { DeepReadonly } from './session/data.ts'
export type { DataSchema } from './session/schema.ts'
export type { Session } from './session/session.ts'
export type { Serializer } from './session/value.ts'
export type { SessionStore } from './store/store.ts'
export type { SessionLimit, UserIndex } from './store/user-list.ts'
export type { UserSession, UserSessions } from './store/user-sessions.ts'
