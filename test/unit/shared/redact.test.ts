// A corpus of what programs really print: what must not leave a host, and what must stay readable.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { redact } from '../../../shared/redact.ts';

const secret = 'S3cr3tV4lu3xyz';
const pem = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  .privateKey.export({ format: 'pem', type: 'pkcs8' })
  .toString();
const body = pem.split('\n')[1] ?? '';
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const jwt = `${base64('{"alg":"RS256","kid":"k"}').replace(/=+$/, '')}.${base64('{"sub":"a:b"}').replace(/=+$/, '')}.c2lnbmF0dXJl-_x`;

const hidden: readonly (readonly [what: string, text: string, secret: string])[] = [
  ['JSON', `{"token":"${secret}"}`, secret],
  ['JSON with spaces', `{ "password" : "${secret}" }`, secret],
  ['JSON in JSON', JSON.stringify({ body: JSON.stringify({ token: secret }) }), secret],
  ['JSON with a quotation inside', `{"password":"a\\"${secret}"}`, secret],
  ['a password with blanks in quotes', `password: "two ${secret} words"`, secret],
  ['single quotes', `passphrase='${secret} x'`, secret],
  ['an assignment', `password=${secret}`, secret],
  ['an environment variable', `PGPASSWORD=${secret} psql`, secret],
  ['another', `AWS_SECRET_ACCESS_KEY=${secret}`, secret],
  ['YAML', `    token: ${secret}\n    user: a`, secret],
  ['camel case', `"clientSecret":"${secret}"`, secret],
  ['a flag', `etcdctl --password ${secret} get`, secret],
  ['a flag with =', `kubelet --token=${secret}`, secret],
  ['an API key', `api_key: ${secret}`, secret],
  ['JSON client-key-data', `{"client-key-data":"${base64(pem)}"}`, base64(pem).slice(40, 80)],
  ['YAML client-key-data', `client-key-data: ${base64(pem)}`, base64(pem).slice(40, 80)],
  ['a key in base64 by itself', `tls.key: ${base64(pem)}`, base64(pem).slice(40, 80)],
  ['Basic auth', `Authorization: Basic ${base64(`admin:${secret}`)}`, base64(`admin:${secret}`)],
  ['Basic auth by itself', `sent Basic ${base64(`admin:${secret}1`)}`, base64(`admin:${secret}1`)],
  ['Bearer', `authorization: Bearer ${secret}`, secret],
  ['Bearer of letters', 'sent Bearer abcdefghijk', 'abcdefghijk'],
  ['Bearer in JSON', `{"Authorization":"Bearer ${secret}"}`, secret],
  ['a bare JWT', `the server said ${jwt} is too old`, jwt.split('.')[1] ?? ''],
  ['a JWT without a signature', jwt.split('.').slice(0, 2).join('.'), jwt.split('.')[1] ?? ''],
  [
    'a signed URL',
    `GET https://s3.example/a?X-Amz-Credential=${secret}1&X-Amz-Signature=${secret}&x=1`,
    secret,
  ],
  ['a shared access signature', `https://a.blob.example/c?sv=2024&sig=${secret}%3D`, secret],
  ['a token in a URL', `https://example.org/x?access_token=${secret}#top`, secret],
  ['a password in a URL', `https://admin:${secret}@registry.example/v2/`, secret],
  ['a user in a URL', `https://${secret}@git.example/x`, secret],
  ['a private key', `before\n${pem}after`, body],
  ['a private key whose end is cut off', pem.slice(0, 120), body.slice(0, 30)],
  ['a private key whose beginning is cut off', pem.slice(40), body.slice(20)],
  ['a private key in JSON', JSON.stringify({ key: pem }), body],
  ['an old private key', pem.replaceAll('PRIVATE KEY', 'RSA PRIVATE KEY'), body],
  ['a bootstrap token', 'token abcdef.0123456789abcdef is gone', '0123456789abcdef'],
  ['a join token', `mt0123456789.${'s'.repeat(43)}.${'p'.repeat(43)}.${'k'.repeat(43)}`, 'sss'],
  ['what is sent of a join token', `mt0123456789.${'s'.repeat(43)}`, 'sss'],
];

describe('takes out', () => {
  test.each(hidden)('%s', (_what, text, value) => {
    expect(text).toContain(value);
    expect(redact(text)).not.toContain(value);
    expect(redact(`x ${text} y`)).not.toContain(value);
  });

  test('what is secret, and leaves what stands around it', () => {
    expect(redact(`{"token":"${secret}","expires":"soon"}`)).toBe(
      '{"token":[redacted],"expires":"soon"}',
    );
    expect(redact(`password=${secret} user=a`)).toBe('password=[redacted] user=a');
    expect(redact(`https://a:${secret}@b.example/c?sig=${secret}&d=e`)).toBe(
      'https://[redacted]@b.example/c?sig=[redacted]&d=e',
    );
    expect(redact(`before\n${pem}after`)).toBe('before\n[private key]\nafter');
  });
});

const certificate = `-----BEGIN CERTIFICATE-----\n${randomBytes(48).toString('base64')}\n-----END CERTIFICATE-----\n`;

test.each([
  ['a digest', `sha256:${'ab12'.repeat(16)} is not ${'cd34'.repeat(16)}`],
  ['a node', 'node 0123456789abcdef polls'],
  ['a plan and its unit', 'muster-p0123456789ab-join-kubelet-start-1.service ended'],
  ['the id of a join token', 'the token mt0123456789 was used up'],
  ['the id of a bootstrap token', 'bootstrap token abcdef for w1 lives 900 s'],
  ['a path', '/etc/kubernetes/pki/ca.key is not there; client-key: is a file'],
  ['a certificate', certificate],
  ['a certificate in base64', `certificate-authority-data: ${base64(certificate)}`],
  ['a public key', '-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----'],
  ['a version', 'kubelet v1.37.1, etcd 3.6.1, containerd 2.1.4'],
  ['an image', 'registry.k8s.io/pause:3.10@sha256:0123'],
  [
    'a URL',
    'https://192.168.7.1:6443/api/v1/namespaces/kube-system/secrets/bootstrap-token-abcdef',
  ],
  ['a mail address', 'write to admin@example.org'],
  [
    'talk of tokens',
    'a bearer token is missing; basic authentication failed; the password was wrong',
  ],
  ['what is not there', '{"token":null,"password":"","isSecret":true}'],
  ['a field that only names one', '{"tokenId":"abcdef","secretName":"x","tokenFile":"/etc/token"}'],
  ['a peer', 'member 8e9e05c52164694d at https://10.0.0.1:2380 is unhealthy'],
])('leaves %s as it is', (_what, text) => {
  expect(redact(text)).toBe(text);
});

test.each([
  ['beginnings of private keys', '-----BEGIN '],
  ['beginnings of private keys with words', '-----BEGIN RSA PRIVATE KEY'],
  ['ends of private keys', 'aaaa-----END '],
  ['one long word', 'a'],
  ['words and dashes', 'a-'],
  ['tokens that are none', 'token '],
  ['tokens without values', 'token='],
  ['quotations that do not end', 'token="\\"'],
  ['backslashes', 'token=\\\\\\"'],
  ['parts of a JWT', 'eyJaaaaaaaaaaa.'],
  ['parts of a JWT with dashes', '-eyJaaaa'],
  ['addresses', '://a:'],
  ['questions', '?a-'],
  ['base64', 'LS0tLS1CRUdJTi'],
  ['bearers', 'bearer '],
  ['bearers without a digit', 'bearer aaaaaaaaaaaaaaaaaa-'],
  ['flags', '--a-'],
  ['bootstrap tokens', 'abcdef.'],
  ['join tokens', 'mt0123456789.a-'],
])('takes its time only by length: %s', (_what, piece) => {
  const took = (size: number): number => {
    const text = piece.repeat(Math.ceil(size / piece.length));
    const began = process.cpuUsage();
    redact(text);
    return process.cpuUsage(began).user;
  };
  took(100_000);
  // Quadratic would be minutes.
  expect(took(1_000_000)).toBeLessThan(2_000_000);
});

test('whatever comes, nothing throws, and what was taken out once stays out', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.constantFrom(
      'token',
      'password',
      '=',
      ': ',
      '"',
      "'",
      '\\',
      'Bearer ',
      '://',
      '@',
      '\n',
      pem,
    ),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const text = redact(pieces.join(''));
      expect(text).not.toContain(body);
      expect(redact(text)).not.toContain(body);
    }),
    { numRuns: 200 },
  );
});
