/** What stands for a message that could not be read. No schema of ours accepts it. */
export interface Unreadable {
  /** Why, as the rest of a sentence: `its encoding "binary/encrypted" is unknown here`. */
  unreadable: string;
}

export const isUnreadable = (value: unknown): value is Unreadable =>
  typeof value === 'object' &&
  value !== null &&
  Object.keys(value).join() === 'unreadable' &&
  typeof (value as Unreadable).unreadable === 'string';
