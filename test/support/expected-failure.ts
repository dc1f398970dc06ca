// The AppError that something must end with.
import { AppError } from '../../shared/errors.ts';

export async function failureOf(attempt: Promise<unknown>): Promise<AppError> {
  try {
    await attempt;
  } catch (thrown) {
    if (thrown instanceof AppError) return thrown;
    throw thrown;
  }
  throw new Error('it was allowed');
}
