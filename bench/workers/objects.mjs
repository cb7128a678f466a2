// A hand-written object that holds one session as texts, for the floors.
import { DurableObject } from 'cloudflare:workers'

export class FloorObject extends DurableObject {
  #rows

  read() {
    this.#rows ??= Object.fromEntries(this.ctx.storage.kv.list())
    return JSON.stringify(this.#rows)
  }

  write(text) {
    const [name, value] = JSON.parse(text)
    this.ctx.storage.kv.put(name, value)
    this.#rows = { ...this.#rows, [name]: value }
    return 'ok'
  }

  increment() {
    this.read()
    const n = String(Number(this.#rows.n) + 1)
    this.write(JSON.stringify(['n', n]))
    return n
  }
}
