export function derivedKey(secret: string, salt?: string | Uint8Array): string
