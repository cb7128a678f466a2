import { leases } from '../../src/once/leases.ts'
import { extendSessionObject } from '../../src/store/durable-object.ts'

/** A session object that hands out leases. */
export class LeasingObject extends extendSessionObject(leases) {}
