/** The names under a chart. Each is a switch for its line, and shows the line's dash beside its colour. */

/** Lines differ in dash as well as in colour. */
export const DASHES = [[], [7, 4], [2, 3], [10, 3, 2, 3], [4, 2]];

/** `toggle` shows or hides the line and answers whether it shows now. */
export function legendButton(name: string, index: number, toggle: () => boolean): HTMLElement {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'chart__series';
  button.setAttribute('aria-pressed', 'true');
  const dash = (DASHES[index % DASHES.length] ?? []).join(' ');
  const swatch = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  swatch.setAttribute('width', '22');
  swatch.setAttribute('height', '8');
  swatch.setAttribute('aria-hidden', 'true');
  const stroke = document.createElementNS('http://www.w3.org/2000/svg', 'line');
  for (const [attribute, value] of Object.entries({ x1: '0', x2: '22', y1: '4', y2: '4', 'stroke-dasharray': dash })) {
    stroke.setAttribute(attribute, value);
  }
  stroke.style.stroke = `var(--line-${(index % 6) + 1})`;
  swatch.append(stroke);
  const text = document.createElement('span');
  text.textContent = name;
  button.append(swatch, text);
  button.addEventListener('click', () => button.setAttribute('aria-pressed', String(toggle())));
  return button;
}
