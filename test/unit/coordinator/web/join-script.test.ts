// The script that makes a host join, as text: what a pipe or a full disk makes of it.
import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { joinMaterial } from '../../../../coordinator/web/join-material.ts';

const script = joinMaterial({
  fleetCaPem: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
  addresses: ['10.0.0.1'],
  grpcPort: 7443,
  httpsPort: 7480,
  agentSha256: { amd64: 'a'.repeat(64) },
  token: 'mtaaaaaaaaaa.secret.pin.keyset',
  agentUnit: '[Service]\nExecStart=/usr/local/bin/muster-agent run\n',
  nodeName: null,
  format: 'shell',
});

/** What a shell says that only reads it. */
const reads = (text: string): boolean =>
  spawnSync('sh', ['-n'], { input: text, stdio: ['pipe', 'ignore', 'ignore'] }).status === 0;

it('half a join script begins nothing: a shell takes the whole of it or none', () => {
  expect(reads(script)).toBe(true);
  const begins = script.indexOf('main() {') + 'main() {'.length;
  const ends = script.lastIndexOf('}');
  const cuts = Array.from({ length: 60 }, (_, index) =>
    Math.floor(begins + ((ends - begins) * index) / 60),
  );
  // Where a mode is half said, a file would be anybody's.
  cuts.push(script.indexOf('0755') + 2, script.indexOf('END_OF_TOKEN') + 14);
  for (const cut of cuts) expect([cut, reads(script.slice(0, cut))]).toEqual([cut, false]);
  expect(script.slice(0, begins)).not.toMatch(/mkdir|mv |rm |curl|systemctl/);
});
