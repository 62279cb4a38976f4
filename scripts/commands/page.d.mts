import type { CommandRow } from '../../src/commands/index.js';

/** The text of docs/commands.md. */
export function renderCommandsPage(rows: readonly CommandRow[]): string;
