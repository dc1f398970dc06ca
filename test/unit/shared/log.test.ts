import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const module = join(import.meta.dirname, '../../../shared/log.ts');

/** Lines on stderr of a process that logs. */
function linesOf(script: string): readonly string[] {
  const code = `const { createLogger } = await import(${JSON.stringify(module)});
    const log = createLogger('info', { program: 'test' });
    ${script}`;
  const command = `exec ${JSON.stringify(process.execPath)} --input-type=module -e "$SCRIPT" 2>&1`;
  const env = { ...process.env, SCRIPT: code, NODE_NO_WARNINGS: '1' };
  return execFileSync('sh', ['-c', command], { env, encoding: 'utf8' }).trim().split('\n');
}

test('no secret gets into a line, by a field, an error or the message', () => {
  const lines = linesOf(`
    const secret = 'S3cr3tV4lue';
    log.warn({ why: 'it said password=' + secret, count: 3 }, 'no answer: Bearer ' + secret);
    log.child({ planId: 'p1' }).error({ err: new Error('token: ' + secret) }, 'it broke');`);
  expect(lines).toHaveLength(2);
  expect(lines.join()).not.toContain('S3cr3tV4lue');
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    program: 'test',
    why: 'it said password=[redacted]',
    count: 3,
    msg: 'no answer: Bearer [redacted]',
  });
  expect(JSON.parse(lines[1] ?? '')).toMatchObject({
    planId: 'p1',
    err: { type: 'Error', message: 'token: [redacted]' },
    msg: 'it broke',
  });
});
