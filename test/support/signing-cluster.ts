// The part of a cluster that signs certificate requests, beside a Kubernetes API in memory: what is
// approved has its certificate at the next look, as with the controller manager.
import type { KubeApiServer } from '../fakes/kube-api-server.ts';
import type { FakeRequest } from '../fakes/kube-objects.ts';

interface Signed {
  readonly spec: { readonly request: string };
  readonly status: object;
}

/** The approvals that came. */
export function signing(server: KubeApiServer, sign = server.ca.sign): FakeRequest[] {
  const approvals: FakeRequest[] = [];
  server.on(/PUT .*\/approval$/, async (request) => {
    approvals.push(request);
    const { spec, status, ...rest } = request.body as Signed;
    const certificate = await sign(Buffer.from(spec.request, 'base64').toString());
    server.objects.set(request.path.replace('/approval', ''), {
      ...rest,
      status: { ...status, certificate: Buffer.from(certificate).toString('base64') },
    });
    return { status: 200, body: {} };
  });
  return approvals;
}
