export type { CookieAttributes } from './codec/cookie.ts'
export type { Secrets } from './codec/keyring.ts'
export { SessionError, type SessionErrorCode } from './errors.ts'
export type { SessionStore } from './record/store.ts'
export {
  type Answer,
  createSessions,
  type HandlerContext,
  type HasSession,
  type Incoming,
  type MethodsOf,
  type MoreOf,
  type RequestContext,
  type RoutedRequest,
  type SessionOf,
  type Sessions,
} from './request/create-sessions.ts'
export type { RefusedReason, SessionEvent, StoreFailureReason } from './request/event.ts'
export type { Feature } from './request/feature.ts'
export { jsonLog } from './request/json-log.ts'
export type { SessionOptions, StoreFailureHandler } from './request/options.ts'
export type { Problem, RefusalHandler } from './request/problem.ts'
export type { RequestLike } from './request/request-like.ts'
export { TIMEOUTS } from './request/timeouts.ts'
export type { DataCodec } from './session/codec.ts'
export type { DeepReadonly } from './session/data.ts'
export { json } from './session/json.ts'
export type { Session } from './session/session.ts'
