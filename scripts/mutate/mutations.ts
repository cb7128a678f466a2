import { ACCOUNTS } from './accounts.ts'
import { BOUND_FILES } from './bound.ts'
import { GUARDS } from './guards.ts'
import { KV_STORE } from './kv.ts'
import { LIVE_FILES } from './live.ts'
import { type Mutation, mutationsOf } from './mutation.ts'
import { ONCE_FILES } from './once.ts'
import { RECORD } from './record.ts'
import { REFUSALS_AND_TRACES } from './refusals.ts'
import { REMEMBER } from './remember.ts'
import { REQUEST_SESSIONS } from './request-sessions.ts'
import { REQUESTS } from './requests.ts'
import { SESSIONS } from './sessions.ts'
import { STORES } from './stores.ts'
import { USER_LISTS } from './user-lists.ts'

/** All mutations, in a fixed order. */
export const MUTATIONS: readonly Mutation[] = mutationsOf([
  ...RECORD,
  ...STORES,
  ...USER_LISTS,
  ...SESSIONS,
  ...REQUESTS,
  ...REQUEST_SESSIONS,
  ...GUARDS,
  ...REMEMBER,
  ...ACCOUNTS,
  ...KV_STORE,
  ...ONCE_FILES,
  ...LIVE_FILES,
  ...REFUSALS_AND_TRACES,
  ...BOUND_FILES,
])
