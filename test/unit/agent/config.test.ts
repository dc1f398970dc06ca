import { expect, test } from 'vitest';
import { isHostAndPort, parseAgentConfig } from '../../../agent/config.ts';

test('a configuration needs coordinators and takes defaults for the rest', () => {
  expect(parseAgentConfig('{"coordinators": ["10.0.0.1:7443"]}', 'f')).toEqual({
    coordinators: ['10.0.0.1:7443'],
    artifacts: [],
    nodeName: null,
    logLevel: 'info',
  });
});

test('every fault is named at once', () => {
  const text = JSON.stringify({
    coordinators: ['x'],
    artifacts: ['ftp://y'],
    nodeName: '',
    logLevel: 'loud',
    extra: 1,
  });
  for (const part of ['unknown field extra', 'coordinators', 'artifacts', 'nodeName', 'logLevel']) {
    expect(() => parseAgentConfig(text, 'f')).toThrow(part);
  }
});

test.each([
  ['a.example:7443', true],
  ['10.0.0.1:1', true],
  ['[fd00::1]:7443', true],
  ['a.example', false],
  ['a:0', false],
  ['a:65536', false],
  ['https://a:1', false],
  ['', false],
])('%j is an address: %s', (text, isAddress) => {
  expect(isHostAndPort(text)).toBe(isAddress);
});
