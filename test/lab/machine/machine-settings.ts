// Kernel settings of the whole machine that a lab changes: a few that its hosts need, and those
// that a kubelet sets although it is in a container. What they were is written down before the
// first lab starts and put back after the last has gone.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { exists } from './exists.ts';

const directory = '/proc/sys';

/** The least that five hosts and their pods live with; the defaults are per user, not per host. */
const least: Readonly<Record<string, number>> = {
  'fs/inotify/max_user_instances': 8192,
  'fs/inotify/max_user_watches': 1_048_576,
};

/** Set by kubelets, container runtimes or the services of a booting system. */
const changedByHosts = [
  'kernel/keys/root_maxbytes',
  'kernel/keys/root_maxkeys',
  'kernel/panic',
  'kernel/panic_on_oops',
  'kernel/pid_max',
  'vm/overcommit_memory',
  'vm/panic_on_oom',
];

/** Writes the present values down, unless an earlier lab did, and raises what is too low. */
export async function saveMachineSettings(path: string): Promise<void> {
  if (!(await exists(path))) {
    const present: Record<string, string> = {};
    for (const name of [...Object.keys(least), ...changedByHosts]) {
      const value = await readSetting(name);
      if (value !== undefined) present[name] = value;
    }
    await writeFile(path, `${JSON.stringify(present, undefined, 2)}\n`);
  }
  for (const [name, value] of Object.entries(least)) {
    if (Number(await readSetting(name)) < value) await writeSetting(name, String(value));
  }
}

/** Puts the values back and forgets them. */
export async function restoreMachineSettings(path: string): Promise<void> {
  if (!(await exists(path))) return;
  const saved = JSON.parse(await readFile(path, 'utf8')) as Readonly<Record<string, string>>;
  for (const [name, value] of Object.entries(saved)) {
    if ((await readSetting(name)) !== value) await writeSetting(name, value);
  }
  await rm(path, { force: true });
}

async function readSetting(name: string): Promise<string | undefined> {
  const path = `${directory}/${name}`;
  return (await exists(path)) ? (await readFile(path, 'utf8')).trim() : undefined;
}

async function writeSetting(name: string, value: string): Promise<void> {
  await writeFile(`${directory}/${name}`, value);
}
