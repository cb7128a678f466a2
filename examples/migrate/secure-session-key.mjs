import { argon2Sync } from 'node:crypto' // of Node 24.7 and later

const DEFAULT_SALT = Buffer.from('mq9hDxBVDbspDR6nLfFT1g==', 'base64')

/** Returns the key, in base64, that @fastify/secure-session derives from its options `secret` and `salt`. */
export function derivedKey(secret, salt = DEFAULT_SALT) {
  const cost = { parallelism: 1, memory: 262_144, passes: 3 }
  const options = { message: secret, nonce: salt, tagLength: 32, ...cost }
  return argon2Sync('argon2id', options).toString('base64')
}
