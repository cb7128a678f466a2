import { PROTOCOL } from '../../record/session-cell.ts'
import type { SessionPart } from '../../record/session-part.ts'
import { cellOf, SessionObject } from './session-object.ts'

/**
 * Returns a `SessionObject` with the parts of optional features, to be exported: `export class SessionObject extends
 * extendSessionObject(leases) {}`. The stored sessions are the same, so a Worker may change from one class to the other.
 */
export function extendSessionObject(...parts: readonly SessionPart[]): typeof SessionObject {
  return class extends SessionObject {
    #wasLive = false

    override call(request: string, version: number = 1): string | Promise<string> {
      const reply = this.#partsReply(request, version) ?? super.call(request, version)
      return typeof reply === 'string' ? this.#told(reply) : reply.then((text) => this.#told(text))
    }

    override async alarm(): Promise<void> {
      const swept = super.alarm()
      // Before the storage is empty: calls that wait would be left hanging.
      this.#told('')
      await swept
    }

    #partsReply(request: string, version: number): string | Promise<string> | undefined {
      const cell = cellOf(this)
      this.#wasLive ||= cell.isLive
      if (version > PROTOCOL + 1) return undefined
      for (const part of parts) {
        const reply = part.call({ cell }, request)
        if (reply !== undefined) return reply
      }
      return undefined
    }

    /** Tells the parts if the session has ended, and returns the reply. */
    #told(reply: string): string {
      const cell = cellOf(this)
      if (this.#wasLive && !cell.isLive) for (const part of parts) part.ended?.({ cell })
      this.#wasLive = cell.isLive
      return reply
    }
  }
}
