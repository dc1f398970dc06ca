// The disk of a simulated host is a StateDisk like the others.
import { stateDiskContract } from '../contracts/state-disk.contract.ts';
import { chanceOf } from './core/chance.ts';
import { HostDisk } from './core/disk.ts';
import { Life } from './core/life.ts';
import { Scheduler } from './core/scheduler.ts';

stateDiskContract(async () => {
  const scheduler = new Scheduler();
  const disk = new HostDisk(scheduler, chanceOf('a disk'));
  const life = new Life('a test', scheduler, { skewMs: () => 0, bootedMs: 0 });
  disk.directories.add('/state');
  // A world in which there is always something to come.
  const tick = (): void => void scheduler.schedule(1, null, tick);
  tick();
  void scheduler.run(Number.POSITIVE_INFINITY, () => false);
  return { disk: disk.of(life), root: '/state' };
});
