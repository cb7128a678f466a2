import { abortAllDurableObjects } from 'cloudflare:test'
import { beforeAll } from 'vitest'

// Vitest evaluates the Worker's module again for each file, and the pool fails the next call of an object whose class is
// that of an earlier file, such as the list of a user whom both files sign in. Storage stays as it is.
beforeAll(() => abortAllDurableObjects())
