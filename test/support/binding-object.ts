import { bindings } from '../../src/bound/bindings.ts'
import { extendSessionObject } from '../../src/store/durable-object.ts'

/** A session object that can be bound to a device. */
export class BindingObject extends extendSessionObject(bindings) {}
