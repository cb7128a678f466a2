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

/** The place in a request to a session. */
const ABOUT = 8

/**
 * Verifies the signature, and then asks again. In between, other calls may come: of several proofs over one challenge one
 * is accepted.
 */
async function prove(host: CellHost, request: string): Promise<string> {
  const list = JSON.parse(request) as unknown[]
  const { proof } = list[ABOUT] as CheckedRequest
  // Only what is verified here may say so.
  const ask = (about: CheckedRequest): string | Promise<string> =>
    host.call(JSON.stringify(list.with(ABOUT, about)), bindStep)
  const reply = await ask(proof === undefined ? {} : { proof })
  const { verify, provenAt } = JSON.parse(reply) as Unchecked & { ok: true }
  if (verify === undefined || proof === undefined) return reply
  if (await isSignedBy(verify, proof)) return ask({ proof, signedBy: verify })
  return JSON.stringify({ ok: true, provenAt, refused: 'key' })
}
