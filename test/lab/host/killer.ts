// Kills an agent in the middle of a step, from inside its host: a small program watches the folder of
// the steps' units and ends the agent with SIGKILL the moment a wanted step has started one. From
// outside, over polls, a step of 50 ms could not be hit.
import type { Lab } from '../lab.ts';

const script = `
import os, re, subprocess, sys, time
wanted = sys.argv[1:]
end = time.time() + 900

def begun():
    try:
        names = os.listdir('/run/muster/units')
    except FileNotFoundError:
        return []
    return [step for step in wanted if any(re.search('-' + step + '-[0-9]+[._]', name) for name in names)]

while wanted and time.time() < end:
    hit = begun()
    if hit:
        pid = subprocess.run(['systemctl', 'show', '-p', 'MainPID', '--value', 'muster-agent'], capture_output=True, text=True).stdout.strip()
        if pid not in ('', '0'):
            try:
                os.kill(int(pid), 9)
            except ProcessLookupError:
                continue
            # Steps of one stage run side by side: the one death is in the middle of all of them,
            # those too that systemd was just starting.
            time.sleep(0.05)
            hit = sorted(set(hit + begun()))
            with open('/var/log/muster-kills', 'a') as log:
                log.write(''.join(step + '\\n' for step in hit))
            wanted = [step for step in wanted if step not in hit]
    time.sleep(0.004)
`;

/** Arms a host: the agent dies once in each of `steps`, at the step's first command. */
export async function armKills(lab: Lab, host: string, steps: readonly string[]): Promise<void> {
  await lab.exec(host, ['mkdir', '-p', '/opt/killer']);
  await lab.exec(host, ['tee', '/opt/killer/killer.py'], { stdin: script });
  const argv = [
    'systemd-run',
    '--quiet',
    '--unit=killer',
    'python3',
    '/opt/killer/killer.py',
    ...steps,
  ];
  const { exitCode, stderr } = await lab.exec(host, argv);
  if (exitCode !== 0) throw new Error(`the killer did not start on ${host}: ${stderr}`);
}

/** The steps in which the agent of a host was killed. */
export async function killsOn(lab: Lab, host: string): Promise<readonly string[]> {
  const { stdout } = await lab.exec(host, [
    'sh',
    '-c',
    'cat /var/log/muster-kills 2>/dev/null || true',
  ]);
  return stdout.split('\n').filter((line) => line !== '');
}
