/**
 * HTML as a tagged template: whatever is put into it is text and escaped, unless it is HTML made by this same tag. There
 * is no way to say "trust me" about a string from a run; `trusted` is for our own style sheet and scripts.
 */
export class Html {
  readonly source: string;
  constructor(source: string) {
    this.source = source;
  }
  toString(): string {
    return this.source;
  }
}

export type Insertable = Html | string | number | null | undefined | false | readonly Insertable[];

/** Text and attribute values (always in double quotes) are escaped; null, undefined and false leave nothing. */
export function html(parts: TemplateStringsArray, ...values: readonly Insertable[]): Html {
  return new Html(parts.reduce((page, part, index) => page + inserted(values[index - 1]) + part));
}

/** Text whose long CamelCase and snake_case names may break between their words on a narrow screen. */
export function breakable(text: string): Html {
  const words = text.split(/(?<=[\p{Ll}\d])(?=\p{Lu})|(?<=[_/])/u);
  return new Html(words.map(escaped).join('<wbr>'));
}

/** Source of our own that is HTML already. */
export const trusted = (source: string): Html => new Html(source);

function inserted(value: Insertable): string {
  if (value === null || value === undefined || value === false) return '';
  if (value instanceof Html) return value.source;
  if (Array.isArray(value)) return value.map(inserted).join('');
  return escaped(String(value));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

/** Also makes visible what HTML cannot hold: control characters and halves of surrogate pairs become U+FFFD. */
export function escaped(text: string): string {
  return text
    .toWellFormed()
    .replace(/[^\P{Cc}\n\t]/gu, '\ufffd')
    .replace(/[&<>"'`]/g, (character) => ENTITIES[character] ?? '');
}

/** JSON for a script element: nothing in it can close the element, open a comment or end a line for old parsers. */
export function jsonForScript(value: unknown): Html {
  const unsafe = /[<>&\u2028\u2029]/g;
  return new Html(
    JSON.stringify(value).replace(unsafe, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`),
  );
}
