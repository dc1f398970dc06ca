// The store of a simulated coordinator is a Store like the others, whose process may be killed.
import { CONTRACT_DELETIONS, storeContract } from '../contracts/store.contract.ts';
import { memoryDisk, memoryStore } from '../fakes/store.ts';
import { Life } from './core/life.ts';
import { storePort } from './processes/store-port.ts';
import { World } from './world/world.ts';

storeContract('of a simulated coordinator', async () => {
  const disk = memoryDisk();
  const world = new World('a store');
  const open = async () => {
    const life = new Life('a test', world.scheduler, { skewMs: () => 0, bootedMs: 0 });
    const inner = memoryStore(disk, CONTRACT_DELETIONS);
    return storePort({ inner, life, world, hook: () => undefined });
  };
  return { open, reopenAfterKill: open, dispose: async () => undefined };
});
