// What a simulated Worker and its objects use of the library. It is bundled, and evaluated once for each isolate.
export { accounts } from '../../src/accounts.ts'
export { createSessions } from '../../src/index.ts'
export { renewing } from '../../src/renew.ts'
export { cached } from '../../src/store/cached.ts'
export { durableObjectStore, SessionObject } from '../../src/store/durable-object.ts'
export { kvStore } from '../../src/store/kv.ts'
export { memoryStore } from '../../src/store/memory.ts'
export { userIndex, UserObject } from '../../src/store/user-index.ts'
