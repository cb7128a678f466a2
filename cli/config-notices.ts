import { type Table, valueAt } from './addition.ts'
import { environmentsOf, listAt, scopesOf } from './config-lists.ts'
import { SECRET_NAME } from './secret.ts'
import type { Wishes } from './wishes.ts'

/** Cloudflare: the first compatibility date with RPC to objects, and the flag for earlier dates. */
const RPC_DATE = '2024-04-03'
const RPC_FLAG = 'rpc'

/** Returns notices about a configuration that are not about missing parts. */
export function configNotices(config: Table, wishes: Wishes, binding: string): string[] {
  return [
    ...environmentNotice(config, wishes, binding),
    ...dateNotice(config, wishes),
    ...secretNotice(config),
  ]
}

function environmentNotice(config: Table, wishes: Wishes, binding: string): string[] {
  const kind = wishes.store === 'kv' ? ['kv_namespaces'] : ['durable_objects', 'bindings']
  const isBound = (each: Table): boolean => [each['name'], each['binding']].includes(binding)
  const without = environmentsOf(config).filter(
    (name) =>
      !wishes.environments.includes(name) && !listAt(config, ['env', name, ...kind]).some(isBound),
  )
  if (without.length === 0) return []
  const options = without.map((name) => `--env ${name}`).join(' ')
  return [
    `Named environments inherit no bindings, and there is no ${binding} in: ${without.join(', ')}. To add it there too: ${options}`,
  ]
}

function dateNotice(config: Table, { store, users }: Wishes): string[] {
  if (store === 'kv' && !users) return []
  const old = scopesOf(config).find((scope) => {
    const date = valueAt(config, [...scope, 'compatibility_date'])
    return typeof date === 'string' && date < RPC_DATE
  })
  const flags = scopesOf(config).flatMap((scope) =>
    valueAt(config, [...scope, 'compatibility_flags']),
  )
  if (old === undefined || flags.includes(RPC_FLAG)) return []
  return [
    `${[...old, 'compatibility_date'].join('.')} is before ${RPC_DATE}. Sessions in Durable Objects need that date or a later one, or the flag "${RPC_FLAG}".`,
  ]
}

function secretNotice(config: Table): string[] {
  const open = scopesOf(config)
    .map((scope) => [...scope, 'vars', SECRET_NAME])
    .find((path) => valueAt(config, path) !== undefined)
  if (open === undefined) return []
  return [
    `${open.join('.')} is in the configuration, where anyone can read it. Remove it: a secret belongs in .dev.vars and in \`wrangler secret put\`.`,
  ]
}
