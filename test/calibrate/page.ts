/** Puts `text` between the markers of `name` in a page. */
export function put(page: string, name: string, text: string): string {
  const [from, to] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [start, end] = [page.indexOf(from), page.indexOf(to)];
  if (start < 0 || end < start) throw new Error(`the page has no markers for ${name}`);
  return `${page.slice(0, start + from.length)}\n${text}\n${page.slice(end)}`;
}
