// What the rooms say (findings, notes, reasons, errors, heads of tables) in the language of the page. The table has
// their sentences with {places} for what varies; what it does not have stays as it was said, marked as English.

let exact = new Map(), patterns = [], known = new Map();

export function learn(table) {
  exact = new Map(Object.entries(table));
  known = new Map();
  patterns = [...exact].filter(([key]) => key.includes("{")).map(([key, value]) => ({
    size: key.replace(/\{\w+\}/g, "").length,
    form: new RegExp(`^${key.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(/\{(\w+)\}/g, "(?<$1>[\\s\\S]+?)")}$`),
    value,
  })).sort((a, b) => b.size - a.size); // what is said most exactly is tried first
}

// Its translation, or null where the table has none.
export function told(said) {
  if (!known.has(said)) known.set(said, exact.get(said) ?? several(said.split("; ")) ?? one(said));
  return known.get(said);
}

function one(said) {
  if (exact.has(said)) return exact.get(said);
  for (const { form, value } of patterns) {
    const found = form.exec(said);
    if (found) return value.replace(/\{(\w+)\}/g, (place, name) => told(found.groups[name]) ?? apart(found.groups[name]));
  }
  return null;
}

function several(parts) {
  for (let end = 1; end < parts.length; end++) {
    const first = one(parts.slice(0, end).join("; ")), rest = first && told(parts.slice(end).join("; "));
    if (rest) return `${first}；${rest}`;
  }
  return null;
}

const apart = said => (/[a-z]{2,} [a-z]+ [a-z]+/i.test(said) ? `\u2068${said}\u2069` : said);
const here = () => exact.size > 0;
export const room = said => (here() ? (told(said) ?? `\u2068${said}\u2069`) : said);

// Text with such words of another language in it, into an element.
export function write(element, said) {
  element.replaceChildren(...said.split(/\u2068|\u2069/).map((part, k) => (k % 2 ? Object.assign(document.createElement("span"), { lang: "en", textContent: part }) : part)));
  return element;
}
