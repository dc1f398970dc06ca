// The command line against the operator's calls behind a real socket: `wait`, `explain` and `describe`
// as they are typed.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSocketServer } from '../../../../coordinator/rpc/server.ts';
import { silentLogger } from '../../../../shared/log.ts';
import type { OperatorDefinition } from '../../../../shared/rpc/generated/muster/v1/Operator.ts';
import { implement } from '../../../../shared/rpc/handler.ts';
import { services } from '../../../../shared/rpc/load.ts';
import type { OperatorWorld } from '../operator/operator-world.ts';
import { cli, type Ran } from './cli-world.ts';

export interface ServedWorld extends AsyncDisposable {
  run(...argv: readonly string[]): Promise<Ran>;
}

export async function serveWorld(world: Pick<OperatorWorld, 'handlers'>): Promise<ServedWorld> {
  const directory = await mkdtemp(join(tmpdir(), 'muster-operator-'));
  const path = join(directory, 'coordinator.sock');
  const ending = new AbortController();
  const server = await startSocketServer(path, [
    implement<OperatorDefinition>(services.operator, world.handlers, {
      log: silentLogger,
      signal: ending.signal,
    }),
  ]);
  return {
    run: (...argv) => cli(argv, { MUSTER_SOCKET: path }),
    [Symbol.asyncDispose]: async () => {
      ending.abort();
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
