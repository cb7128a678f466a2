import type { CellHost, CellPart } from '../record/cell-part.ts'
import { bindStep, type CheckedRequest, type Unchecked } from './bind-step.ts'
import { isSignedBy } from './proof.ts'

/**
 * The part of `bound()` that runs where the session is stored: `export class SessionObject extends
 * extendSessionObject(bindings) {}`, or `memoryStore(bindings)`.
 */
export const bindings: CellPart = {
  call(host, request) {
    if (request.startsWith('["bind"')) return host.call(request, bindStep)
    return request.startsWith('["prove"') ? prove(host, request) : undefined
  },
  ended: () => false,
}

/** The index of this part in a request to a session. */
const ABOUT = 8

/**
 * Verifies the signature, then asks again. Other calls may come in between: of several proofs for one challenge, only
 * one is accepted.
 */
async function prove(host: CellHost, request: string): Promise<string> {
  const list = JSON.parse(request) as unknown[]
  const { proof } = list[ABOUT] as CheckedRequest
  // Only the verification here may set this.
  const ask = (about: CheckedRequest): string | Promise<string> =>
    host.call(JSON.stringify(list.with(ABOUT, about)), bindStep)
  const reply = await ask(proof === undefined ? {} : { proof })
  const { verify, provenAt } = JSON.parse(reply) as Unchecked & { ok: true }
  if (verify === undefined || proof === undefined) return reply
  if (await isSignedBy(verify, proof)) return ask({ proof, signedBy: verify })
  return JSON.stringify({ ok: true, provenAt, refused: 'key' })
}
