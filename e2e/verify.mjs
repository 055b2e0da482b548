// How an origin in Node checks that a request was let in by Rushgate. The
// token comes in the Rushgate-Admission request header.
import { createRemoteJWKSet, jwtVerify } from 'jose';

export function verifier({ gateway, event, issuer = 'rushgate' }) {
  const keys = createRemoteJWKSet(new URL('/.well-known/jwks.json', gateway));
  return async (token) => {
    const { payload } = await jwtVerify(token, keys, { issuer, audience: event, algorithms: ['EdDSA'], requiredClaims: ['exp'] });
    return payload; // sub is the visitor, num the number in the line
  };
}
