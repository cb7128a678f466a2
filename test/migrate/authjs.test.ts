import { Auth, skipCSRFCheck } from '@auth/core'
import { decode as decodeThere, encode, getToken } from '@auth/core/jwt'
import fc from 'fast-check'
import { EncryptJWT } from 'jose'
