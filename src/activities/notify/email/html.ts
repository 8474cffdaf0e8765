/** HTML that may be put into HTML as it is; made by {@link html} alone. */
export class Html {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }
}

type Part = string | number | Html | null | readonly Html[];

/** HTML with parts: text is escaped, whoever wrote it, and null is nothing. */
export const html = (fixed: TemplateStringsArray, ...parts: Part[]): Html =>
  new Html(String.raw({ raw: fixed }, ...parts.map(sourceOf)));

function sourceOf(part: Part): string {
  if (part === null) return '';
  if (part instanceof Html) return part.source;
  if (typeof part === 'object') return part.map(sourceOf).join('');
  return String(part).replace(/[&<>"']/g, (one) => entities[one] ?? one);
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
