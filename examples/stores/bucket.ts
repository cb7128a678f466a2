import { createSessions } from 'edge-session'
import { kvStore, type SessionKvNamespace } from 'edge-session/store/kv'

export interface Env {
  SESSION_SECRET: string
  BUCKET: R2Bucket
}

/** A bucket, as what kvStore asks of a KV namespace. */
export function bucketAsKv(bucket: R2Bucket): SessionKvNamespace {
  return {
    get: async (key) => (await (await bucket.get(key))?.text()) ?? null,
    // The store itself looks at the time; a lifecycle rule of the bucket deletes what is old.
    put: async (key, value) => void (await bucket.put(key, value)),
    delete: (key) => bucket.delete(key),
  }
}

export const { withSession } = createSessions<{ theme: string }, Env>({
  secrets: (env) => [env.SESSION_SECRET],
  store: (env) => kvStore(bucketAsKv(env.BUCKET), { prefix: 'sessions/' }),
})
