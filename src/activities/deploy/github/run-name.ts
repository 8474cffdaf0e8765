/** What can be filled in where a workflow is asked to run. */
export interface Placeholders {
  action: string;
  ref: string;
  environment: string;
  key: string;
}

const placeholder = /\{(action|ref|environment|key)\}/g;

export const fillIn = (template: string, values: Placeholders): string =>
  template.replace(placeholder, (_, name: keyof Placeholders) => values[name]);

/**
 * Reads a run's name by the template it was made from; undefined where it was not. A value is as
 * short as what follows it allows, and may be empty, as in runs that people start by hand.
 */
export function readName(template: string, name: string): Partial<Placeholders> | undefined {
  const seen = new Set<string>();
  const pattern = template
    .split(placeholder)
    .map((part, index) => {
      if (index % 2 === 0) return part.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
      if (seen.has(part)) return `\\k<${part}>`;
      seen.add(part);
      return `(?<${part}>.*?)`;
    })
    .join('');
  return new RegExp(`^${pattern}$`, 'u').exec(name)?.groups;
}
