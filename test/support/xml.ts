import { SaxesParser, type SaxesTagPlain } from 'saxes';

export interface Xml {
  /** Every element, in order. */
  elements: { name: string; attributes: Record<string, string> }[];
  /** All text outside of elements that nobody reads, such as `style`. */
  text: string;
}

/** Reads a document; throws where it is not well-formed. */
export function readXml(document: string): Xml {
  const elements: Xml['elements'] = [];
  let text = '';
  const parser = new SaxesParser();
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', ({ name, attributes }: SaxesTagPlain) =>
    elements.push({ name, attributes }),
  );
  parser.on('text', (part) => {
    text += part;
  });
  parser.write(document).close();
  return { elements, text };
}
