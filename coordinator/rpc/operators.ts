// The guard of the Operator service on the open port: an operator's certificate, and its role. The
// local socket has no guard: its folder lets nobody in but the coordinator's own user.
import type { Clock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import type { CallContext } from '../../shared/rpc/handler.ts';
import { identifyPeer } from './peer.ts';

const reading: ReadonlySet<string> = new Set(['Version', 'Get', 'Watch', 'Explain', 'Logs']);

/** @throws AppError unauthenticated, permission-denied */
export function operatorGuard(clock: Clock): (context: CallContext, method: string) => void {
  return (context, method) => {
    const peer = identifyPeer(context.peerCertificate, clock.now());
    if (peer.kind !== 'operator') {
      throw new AppError('unauthenticated', "this call needs an operator's certificate");
    }
    if (peer.role !== 'admin' && !reading.has(method)) {
      throw new AppError(
        'permission-denied',
        `${peer.name} is a ${peer.role}: ${method} is for admins`,
      );
    }
  };
}
