// An operator for tests of the coordinator: added on the socket, logged in over real TLS, and a client of
// the Operator service with its certificate.
import { X509Certificate } from 'node:crypto';
import { createClient, openChannel, type RpcClient } from '../../shared/rpc/client.ts';
import type { EnrollmentDefinition } from '../../shared/rpc/generated/muster/v1/Enrollment.ts';
import type { LoginReply__Output } from '../../shared/rpc/generated/muster/v1/LoginReply.ts';
import type { OperatorDefinition } from '../../shared/rpc/generated/muster/v1/Operator.ts';
import { services } from '../../shared/rpc/load.ts';
import { clientCredentials, fixedServerName } from '../../shared/rpc/tls.ts';
import type { TestCoordinator } from './coordinator.ts';
import { type NodeKeys, newNodeKeys, openMemberChannel, requestFor } from './test-node.ts';

const call = { timeoutMs: 30_000 };

export interface TestOperator {
  readonly keys: NodeKeys;
  readonly chainPem: string;
  readonly calls: RpcClient<OperatorDefinition>;
  readonly endsMs: number;
  close(): void;
}

/** One login with whatever credential. @throws AppError as the wire gives it */
export async function loginOnce(
  coordinator: TestCoordinator,
  token: string,
  keys: NodeKeys,
): Promise<LoginReply__Output> {
  const channel = openChannel({
    address: `127.0.0.1:${coordinator.grpcPort}`,
    credentials: clientCredentials(coordinator.caPem, null),
    options: fixedServerName,
  });
  try {
    const client = createClient<EnrollmentDefinition>(services.enrollment, channel);
    const credential = token.split('.').slice(0, 2).join('.');
    return await client.Login({ token: credential, csr: await requestFor(keys) }, call);
  } finally {
    channel.close();
  }
}

export async function addOperator(
  coordinator: TestCoordinator,
  name: string,
  role: string,
): Promise<string> {
  return (await coordinator.operator.AddOperator({ name, role }, call)).token;
}

/** As anybody with that key and that certificate. */
export function openOperator(
  coordinator: TestCoordinator,
  identity: { readonly keys: NodeKeys; readonly chainPem: string },
): TestOperator {
  const channel = openMemberChannel(coordinator, identity);
  return {
    ...identity,
    calls: createClient<OperatorDefinition>(services.operator, channel),
    endsMs: new X509Certificate(identity.chainPem).validToDate.getTime(),
    close: () => channel.close(),
  };
}

export async function logIn(
  coordinator: TestCoordinator,
  name: string,
  role: string,
): Promise<TestOperator> {
  const token = await addOperator(coordinator, name, role);
  const keys = newNodeKeys();
  const { certificatePem: chainPem } = await loginOnce(coordinator, token, keys);
  return openOperator(coordinator, { keys, chainPem });
}
