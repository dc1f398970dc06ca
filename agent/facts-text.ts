// Facts for people: one line each. Pure.
import type { NodeFacts } from '../shared/model/facts.ts';

export function formatFacts(facts: NodeFacts): string {
  const lines = Object.entries(facts).map(([name, value]) => `${name}: ${show(value)}`);
  return `${lines.join('\n')}\n`;
}

function show(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value) && value.every((entry) => typeof entry === 'string'))
    return value.join(' ') || 'none';
  return JSON.stringify(value);
}
