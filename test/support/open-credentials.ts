// Credentials of a gRPC server that asks for a certificate and takes callers without one too.
import { ServerCredentials } from '@grpc/grpc-js';
import type { ServerIdentity } from '../../shared/rpc/tls.ts';

export function serverCredentials(identity: ServerIdentity): ServerCredentials {
  return new OpenToAll(identity);
}

/**
 * TLS 1.3 alone, and a certificate that is asked for but not demanded: the credentials that grpc-js
 * makes itself can say neither. It takes any of this class, and creates its server with these options.
 */
class OpenToAll extends ServerCredentials {
  constructor({ caPem, chainPem, keyPem }: ServerIdentity) {
    super(
      { requestCert: true, rejectUnauthorized: false },
      { ca: caPem, cert: chainPem, key: keyPem, minVersion: 'TLSv1.3' },
    );
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}
