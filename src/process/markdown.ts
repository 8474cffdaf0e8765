/** Text by people goes into Markdown that other people trust: nothing in it may become markup or a new line. */
export const inline = (text: string): string =>
  text
    .replace(/\s+/g, ' ')
    .replace(/([\\`*_{}[\]<>#|~])/g, '\\$1')
    .trim();

/** Several paragraphs of people's text, quoted, so that none of it reads as the report's own. */
export const quoted = (text: string): string =>
  text
    .trim()
    .split(/\r?\n/)
    .map((row) => `> ${inline(row)}`.trimEnd())
    .join('\n');

/** A Markdown table; the cells are escaped already. */
export const table = (head: string[], rows: string[][]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

/** `2026-11-24 03:07:12`, UTC, to the second. */
export const clock = (time: string): string => time.slice(0, 19).replace('T', ' ');

/** For Slack: without the characters that begin a link or a mention. */
export const slackText = (text: string): string =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
