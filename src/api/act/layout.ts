import { createHash } from 'node:crypto';
import { Html, html, type Part } from '../../process/html.ts';

/** A page as it is answered. */
export interface Page {
  status: number;
  title: string;
  content: Part;
}

/** Readable by a thumb at night: one column, large targets, and the colours of the reader's system. */
const style = `
:root { color-scheme: light dark; --text: #1c2128; --quiet: #57606a; --line: #d0d7de; --back: #f6f8fa;
  --card: #fff; --act: #1f6feb; --on-act: #fff; --bad: #b42318; --warn: #7a4d00; --warn-back: #fff4d6; }
@media (prefers-color-scheme: dark) { :root { --text: #e6edf3; --quiet: #9da7b3; --line: #3a424c;
  --back: #0d1117; --card: #161b22; --act: #58a6ff; --on-act: #0d1117; --bad: #ff8a80;
  --warn: #f2cc60; --warn-back: #33270a; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 40rem; margin: 0 auto; padding: 1.25rem 1rem 3rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: .25rem 0 .5rem; }
h2 { font-size: 1.125rem; line-height: 1.35; margin: 0 0 .5rem; }
p { margin: 0 0 .75rem; }
h1, h2, p, dd { overflow-wrap: anywhere; }
a { color: var(--act); }
.quiet { color: var(--quiet); font-size: .875rem; }
.kept { white-space: pre-wrap; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .75rem;
  padding: 1rem; margin: 1rem 0; }
.card > :last-child { margin-bottom: 0; }
.warn { background: var(--warn-back); border-color: var(--warn); color: var(--warn); }
dl { margin: 0; }
dt { color: var(--quiet); font-size: .875rem; }
dd { margin: 0 0 .75rem; white-space: pre-wrap; }
dd:last-child { margin-bottom: 0; }
fieldset, .field { border: 0; margin: 0 0 1.25rem; padding: 0; min-width: 0; }
.tick + .tick { margin-top: -.75rem; }
legend, .label { display: block; font-weight: 600; padding: 0; margin-bottom: .375rem; }
.option { display: flex; align-items: center; gap: .75rem; min-height: 3rem; padding: .5rem .875rem;
  border: 1px solid var(--line); border-radius: .5rem; margin-bottom: .5rem; background: var(--card);
  cursor: pointer; }
.option:has(:checked) { border-color: var(--act); box-shadow: inset 0 0 0 1px var(--act); }
.option input { width: 1.375rem; height: 1.375rem; flex: none; margin: 0; accent-color: var(--act); }
.text { width: 100%; font: inherit; color: inherit; background: var(--card); padding: .625rem .75rem;
  border: 1px solid var(--line); border-radius: .5rem; min-height: 3rem; }
textarea.text { min-height: 6rem; resize: vertical; }
.fault { color: var(--bad); font-weight: 600; margin: .25rem 0; }
.text[aria-invalid] { border-color: var(--bad); }
:focus-visible { outline: 3px solid var(--act); outline-offset: 2px; }
button { width: 100%; min-height: 3.5rem; font: inherit; font-size: 1.125rem; font-weight: 700;
  border: 0; border-radius: .75rem; background: var(--act); color: var(--on-act); cursor: pointer; }
button.plain { background: none; color: var(--act); border: 2px solid var(--act); }
`;

const hash = createHash('sha256').update(style).digest('base64');

/** Nothing is loaded and nothing runs; the one style is known by its hash. */
export const pageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${hash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-robots-tag': 'noindex',
};

export const layout = ({ title, content }: Page): string =>
  `<!doctype html>\n${
    html`<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Hotfix</title>
<style>${new Html(style)}</style>
</head>
<body><main>${content}</main></body>
</html>`.markup
  }\n`;
