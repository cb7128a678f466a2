import { SessionObject } from '../../src/store/object/session-object.ts'

/**
 * How the next calls of an object fail.
 * - `hang`: no answer, ever.
 * - `throw`: an exception before anything happened.
 * - `abort`: the object is reset before the call did anything; `abort-later`: after it was stored, before the answer.
 * - `overload`: the error that the runtime gives for an object with too many requests. Simulated: workerd makes none.
 */
export type Fault = 'hang' | 'throw' | 'abort' | 'abort-later' | 'overload'

/** A session object that fails on demand: really hanging, throwing and reset. */
export class FaultyObject extends SessionObject {
  /** Has the next so many calls fail. It is stored, so that a reset object goes on with it. */
  async fail(fault: Fault, times = 1): Promise<void> {
    await this.ctx.storage.put('?fault', JSON.stringify({ fault, times }))
  }

  override async call(request: string): Promise<string> {
    const fault = await this.#nextFault()
    if (fault === 'hang') return new Promise<string>(() => undefined)
    if (fault === 'throw') throw new Error('the object is broken')
    if (fault === 'overload') {
      throw Object.assign(new Error('Durable Object is overloaded.'), { overloaded: true })
    }
    if (fault === 'abort') this.ctx.abort('reset by the test')
    const reply = await super.call(request)
    if (fault === 'abort-later') {
      await this.ctx.storage.sync()
      this.ctx.abort('reset by the test')
    }
    return reply
  }

  async #nextFault(): Promise<Fault | undefined> {
    const stored = await this.ctx.storage.get<string>('?fault')
    if (stored === undefined) return undefined
    const { fault, times } = JSON.parse(stored) as { fault: Fault; times: number }
    if (times <= 1) await this.ctx.storage.delete('?fault')
    else await this.ctx.storage.put('?fault', JSON.stringify({ fault, times: times - 1 }))
    await this.ctx.storage.sync()
    return fault
  }
}
