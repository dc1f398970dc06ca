// `-l key=value,key!=value,key,!key` over the labels of documents. Pure.
import { AppError } from '../../shared/errors.ts';

export type Selector = (labels: Readonly<Record<string, string>>) => boolean;

/** @throws AppError usage */
export function parseSelector(text: string): Selector {
  const terms = text
    .split(',')
    .filter((term) => term !== '')
    .map(parseTerm);
  return (labels) => terms.every((term) => term(labels));
}

function parseTerm(term: string): Selector {
  const match = /^(!?)([^=!,\s]+)(?:(==|=|!=)([^=!,\s]*))?$/.exec(term.trim());
  const [, not, key, operator, value] = match ?? [];
  if (key === undefined || (not === '!' && operator !== undefined)) {
    throw new AppError(
      'usage',
      `-l ${JSON.stringify(term)}: expected key=value, key!=value, key or !key`,
    );
  }
  if (operator === undefined) return (labels) => Object.hasOwn(labels, key) !== (not === '!');
  const isWanted = operator !== '!=';
  return (labels) => (labels[key] === value) === isWanted;
}
