import { createSessions, jsonLog } from 'edge-session'
import { durableObjectStore, SessionObject } from 'edge-session/store/durable-object'
export { SessionObject }

// #region secrets-store
// wrangler.toml: [[secrets_store_secrets]] with binding = "SESSION_SECRETS", store_id and secret_name
export interface Env {
  SESSION_SECRETS: SecretsStoreSecret // one or more secrets with a space between, the newest first
  SESSIONS: DurableObjectNamespace<SessionObject>
}

export const { withSession } = createSessions<{ cart: string[] }, Env>({
  secrets: async (env) => {
    const [newest = '', ...older] = (await env.SESSION_SECRETS.get()).split(' ')
    return [newest, ...older]
  },
  store: (env) => durableObjectStore(env.SESSIONS),
  onEvent: jsonLog,
})
// #endregion secrets-store
