export type { CookieAttributes } from './codec/cookie.ts'
export type { Secrets } from './codec/secrets.ts'
export { SessionError, type SessionErrorCode } from './errors.ts'
export type { Adopted } from './adopt/old-cookies.ts'
export {
  type Answer,
  createSessions,
  type HasSession,
  type Incoming,
  type RequestContext,
  type RoutedRequest,
  type Sessions,
} from './request/create-sessions.ts'
export type { RequestLike } from './accounts/device.ts'
export type { RefusedReason, SessionEvent } from './request/event.ts'
export { jsonLog } from './request/json-log.ts'
export type {
  ClearSiteDirective,
  DataOptions,
  ReadCacheOptions,
  SessionOptions,
  StoreFailureHandler,
} from './request/options.ts'
export { TIMEOUTS } from './request/timeouts.ts'
export type { Aal, SignInDetails } from './session/account.ts'
export type { DeepReadonly } from './session/data.ts'
export type { DataSchema } from './schema/standard-schema.ts'
export type { Session } from './session/session.ts'
export type { Serializer } from './session/value.ts'
export type { SessionStore } from './record/store.ts'
export type { SessionLimit, UserIndex } from './store/user-index/user-list.ts'
export type { UserSession, UserSessions } from './store/user-index/user-sessions.ts'
