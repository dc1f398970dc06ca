import { createPublicKey, X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { requireSettings } from '../../../../coordinator/config.ts';
import { initCoordinator } from '../../../../coordinator/init.ts';
import { initKeys, openKeys } from '../../../../coordinator/keys/keys.ts';
import { dataPaths } from '../../../../coordinator/keys/paths.ts';
import { serve } from '../../../../coordinator/serve.ts';
import { base64urlSha256 } from '../../../../shared/join-token.ts';
import { silentLogger } from '../../../../shared/log.ts';
import type { KeySet } from '../../../../shared/model/plan.ts';
import { COORDINATOR_NAME } from '../../../../shared/rpc/tls.ts';
import { publicKeyText } from '../../../../shared/signature.ts';
import { newNodeKeys } from '../../../support/test-node.ts';

const year = 365 * 24 * 3600 * 1000;
const now = Date.now();
let dataDir: string;
beforeEach(async () => {
  dataDir = join(await mkdtemp(join(tmpdir(), 'muster-keys-')), 'data');
});
afterEach(async () => {
  await rm(join(dataDir, '..'), { recursive: true, force: true });
});

const init = () =>
  initKeys({ dataDir, addresses: ['10.0.0.1', 'muster.example'], fleet: 'ftest', now });
const spki = (certificate: X509Certificate): Buffer =>
  certificate.publicKey.export({ format: 'der', type: 'spki' });

async function everyFile(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

describe('the keys of a coordinator', () => {
  it('are what is pinned and told: CA, key set and server certificate fit together', async () => {
    const keys = await init();
    const ca = new X509Certificate(keys.fleetCaPem);
    expect(ca.ca).toBe(true);
    expect(ca.verify(ca.publicKey)).toBe(true);
    expect(keys.pin).toBe(base64urlSha256(spki(ca)));
    expect(keys.keySetDigest).toBe(base64urlSha256(keys.keySetBytes));
    const keySet = JSON.parse(Buffer.from(keys.keySetBytes).toString('utf8')) as KeySet;
    expect(keySet).toEqual({
      schema: 'muster/keys/v1',
      version: 1,
      plan: [publicKeyText(keys.planKey)],
      control: [publicKeyText(keys.controlKey)],
    });
    expect(keySet.plan).not.toEqual(keySet.control);

    const [leafPem, ...rest] = keys.serverIdentity.chainPem.split(
      /(?<=-----END CERTIFICATE-----\n)/,
    );
    const leaf = new X509Certificate(leafPem ?? '');
    expect(rest.join('')).toBe(keys.fleetCaPem);
    expect(leaf.verify(ca.publicKey)).toBe(true);
    expect(leaf.checkIP('10.0.0.1')).toBe('10.0.0.1');
    for (const name of ['muster.example', COORDINATOR_NAME, 'localhost'])
      expect(leaf.checkHost(name)).toBe(name);
    expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    // Not longer than the CA that signs it.
    expect(leaf.validToDate.getTime()).toBeLessThan(ca.validToDate.getTime());
  });

  it('are files that nobody else can read, in folders that nobody else can enter', async () => {
    const keys = await init();
    await keys.clusterCa('lab', 'etcd-peer');
    for (const path of await everyFile(dataDir)) {
      expect([path, (await stat(path)).mode & 0o777]).toEqual([path, 0o600]);
    }
    for (const folder of ['', 'keys', 'keys/clusters/lab']) {
      expect([folder, (await stat(join(dataDir, folder))).mode & 0o777]).toEqual([folder, 0o700]);
    }
  });

  it('stay the same when opened again, and when init is run again after a crash', async () => {
    const first = await init();
    await rm(dataPaths(dataDir).keySet);
    await rm(dataPaths(dataDir).fleetCaCertificate);
    const finished = await init();
    const opened = await openKeys(dataDir);
    for (const keys of [finished, opened]) {
      expect([keys.pin, keys.keySetDigest]).toEqual([first.pin, first.keySetDigest]);
    }
  });

  it('that are not there are said to be missing, with the command that makes them', async () => {
    await expect(openKeys(dataDir)).rejects.toThrow(
      /fleet-ca\.crt is missing: run `coordinator init`/,
    );
  });

  it('that do not belong together are noticed', async () => {
    await init();
    const other = newNodeKeys().key.export({ format: 'pem', type: 'pkcs8' });
    await writeFile(dataPaths(dataDir).fleetCaKey, other);
    await expect(openKeys(dataDir)).rejects.toThrow(/is not the key of/);
  });

  it('have a server certificate that is issued anew in its last year or for another address', async () => {
    await init();
    const read = () => readFile(dataPaths(dataDir).serverCertificate, 'utf8');
    const first = await read();
    await openKeys(dataDir, { addresses: ['10.0.0.1'], now: now + 0.9 * year });
    expect(await read()).toBe(first);
    await openKeys(dataDir, { addresses: ['10.0.0.1'], now: now + 1.1 * year });
    const second = await read();
    expect(second).not.toBe(first);
    await openKeys(dataDir, { addresses: ['10.0.0.1', '10.0.0.2'], now: now + 1.1 * year });
    expect(new X509Certificate(await read()).checkIP('10.0.0.2')).toBe('10.0.0.2');
    // The key is the same: only the certificate is new.
    expect(spki(new X509Certificate(await read()))).toEqual(spki(new X509Certificate(first)));
  });
});

describe('the CAs of a cluster', () => {
  it('are apart from each other, from other clusters and from the fleet’s', async () => {
    const keys = await init();
    const pems = await Promise.all([
      keys.clusterCa('lab', 'etcd-peer'),
      keys.clusterCa('lab', 'etcd-client'),
      keys.clusterCa('other', 'etcd-peer'),
    ]);
    const all = [keys.fleetCaPem, ...pems.map(({ caPem }) => caPem)].map(
      (pem) => new X509Certificate(pem),
    );
    for (const [index, one] of all.entries()) {
      const verified = all.map((by) => one.verify(by.publicKey));
      expect(verified).toEqual(all.map((_, other) => other === index));
    }
  });

  it('are made once, also when asked for twice at once and after a restart', async () => {
    const keys = await init();
    const [one, two] = await Promise.all([
      keys.clusterCa('lab', 'etcd-peer'),
      keys.clusterCa('lab', 'etcd-peer'),
    ]);
    const again = await (await openKeys(dataDir)).clusterCa('lab', 'etcd-peer');
    expect([two.caPem, again.caPem]).toEqual([one.caPem, one.caPem]);
  });

  it('issue their own profiles only, with the usages of each', async () => {
    const keys = await init();
    const request = {
      publicKey: newNodeKeys().spki,
      commonName: 'm1',
      names: ['m1', 'fd00::1'],
      now,
    };
    const client = await keys.clusterCa('lab', 'etcd-client');
    const leaf = new X509Certificate(await client.issue('etcd-client', request));
    expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect(leaf.subjectAltName).toBe('DNS:m1, IP Address:FD00:0:0:0:0:0:0:1');
    expect(leaf.ca).toBe(false);
    await expect(client.issue('etcd-peer', request)).rejects.toThrow(/does not issue etcd-peer/);
  });

  it('do not take a name that is a path', async () => {
    const keys = await init();
    await expect(keys.clusterCa('../../etc', 'etcd-peer')).rejects.toThrow(/not a cluster's name/);
  });
});

describe('init', () => {
  const options = () => ({ dataDir, addresses: ['127.0.0.1'], grpcPort: 7443, httpsPort: 7480 });

  it('refuses a directory that is initialised, and changes nothing', async () => {
    const { pin, fleet } = await initCoordinator(options());
    await expect(initCoordinator(options())).rejects.toThrow(
      `initialised already (fleet ${fleet})`,
    );
    expect((await openKeys(dataDir)).pin).toBe(pin);
    expect(await requireSettings(dataDir)).toMatchObject({
      fleet,
      addresses: ['127.0.0.1'],
      grpcPort: 7443,
    });
  });

  it('that was cut short goes on with what it had made', async () => {
    const { pin, fleet } = await initCoordinator(options());
    await rm(dataPaths(dataDir).settings);
    expect(await initCoordinator(options())).toEqual({ pin, fleet });
  });

  it('needs an address', async () => {
    await expect(initCoordinator({ ...options(), addresses: [] })).rejects.toThrow(/--address/);
  });

  it('comes before serve, which says so', async () => {
    const attempt = serve({
      dataDir,
      agentBinaries: {},
      log: silentLogger,
      signal: new AbortController().signal,
    });
    await expect(attempt).rejects.toThrow(/holds no coordinator: run `coordinator init/);
  });

  it('comes once: a second serve on its directory is refused while the first runs', async () => {
    await initCoordinator(options());
    const listen = { host: '127.0.0.1', grpcPort: 0, httpsPort: 0 };
    const stop = new AbortController();
    const start = () =>
      serve({ dataDir, listen, agentBinaries: {}, log: silentLogger, signal: stop.signal });
    const first = await start();
    await expect(start()).rejects.toThrow(/another coordinator has/);
    expect((await stat(first.socketPath)).mode & 0o777).toBe(0o600);
    for (const path of await everyFile(dataDir)) {
      expect([path, (await stat(path)).mode & 0o777]).toEqual([path, 0o600]);
    }
    stop.abort();
    await first.stop();
    await (await start()).stop();
  });
});

describe('the form of node keys', () => {
  it('gives node ids that are the start of the SHA-256 of the SPKI', () => {
    const own = newNodeKeys();
    const again = createPublicKey(own.key).export({ format: 'der', type: 'spki' });
    expect(again).toEqual(own.spki);
    expect(own.nodeId).toMatch(/^[0-9a-f]{16}$/);
  });
});
