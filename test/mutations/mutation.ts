// What a mutation is: one protection taken out of the code by replacing one piece of text in one
// file. The tests named with it have to fail then; if none does, nothing holds that protection.

export interface Mutation {
  /** Short and unique: what is asked for on the command line. */
  readonly name: string;
  /** What the code does not do any more, as a sentence about an attacker or a fault. */
  readonly without: string;
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly from: string;
  readonly to: string;
  /** Test files, one of which has to turn red. */
  readonly tests: readonly string[];
}
