import { DurableObject } from 'cloudflare:workers'

import { bindings } from '../../src/bound/bindings.ts'
import { sockets } from '../../src/live/object.ts'
import { leases } from '../../src/once/leases.ts'
import { extendSessionObject } from '../../src/store/durable-object.ts'

/** A session's object with sockets and leases, that can be bound to a device. */
export class LiveSessionObject extends extendSessionObject(leases, sockets, bindings) {}

/** An object of an application that is told when a session ends. It can fail first, or take its time. */
export class WatcherObject extends DurableObject {
  #held: PromiseWithResolvers<void> | undefined

  /** Has calls wait until `release`. */
  hold(): void {
    this.#held = Promise.withResolvers()
  }

  release(): void {
    this.#held?.resolve()
  }

  /** Has the next so many calls throw. */
  fail(times: number): void {
    this.ctx.storage.kv.put('failures', times)
  }

  async sessionEnded(id: string, reason: string): Promise<void> {
    await this.#held?.promise
    const { kv } = this.ctx.storage
    const failures = kv.get<number>('failures') ?? 0
    if (failures > 0) {
      kv.put('failures', failures - 1)
      throw new Error('the object is broken')
    }
    kv.put('told', [...this.told(), `${id} ${reason}`])
  }

  told(): string[] {
    return this.ctx.storage.kv.get<string[]>('told') ?? []
  }
}
