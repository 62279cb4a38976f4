import { CommandTable } from '../commands/index.js';

/**
 * The rows of `next`, with those that `published` has at their places there: requests that are on
 * their way name their command by its place. A row that `next` lacks stays as it was.
 */
export function keepPlaces(published: CommandTable, next: CommandTable): CommandTable {
  const kept = published.rows.map((row) => next.find(row.name) ?? row);
  const added = next.rows.filter((row) => published.find(row.name) === undefined);
  return new CommandTable([...kept, ...added], next.renames);
}
