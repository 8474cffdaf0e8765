/** Markup that is ours. Whatever else gets into a page is text. */
export class Html {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }
}

export type Part = Html | string | number | false | null | undefined | readonly Part[];

/** HTML of a template: what is filled in is escaped, unless it is {@link Html} itself. */
export const html = (template: TemplateStringsArray, ...parts: Part[]): Html =>
  new Html(String.raw({ raw: template }, ...parts.map(spell)));

function spell(part: Part): string {
  if (part instanceof Html) return part.markup;
  if (part === false || part === null || part === undefined) return '';
  return typeof part === 'object' ? part.map(spell).join('') : escaped(String(part));
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escaped = (text: string): string => text.replace(/[&<>"']/g, (one) => entities[one] ?? one);
