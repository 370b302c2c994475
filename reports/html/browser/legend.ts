/** The names under a chart. Each is a switch for its line, and shows the line's dash beside its colour. */

/** Lines differ in dash as well as in colour. */
export const DASHES = [[], [7, 4], [2, 3], [10, 3, 2, 3], [4, 2]];

/** Dots differ in size and in whether they are filled. */
export const DOTS = [
  { size: 8, filled: false },
  { size: 10, filled: true },
  { size: 6, filled: true },
];

/** `toggle` shows or hides the line and answers whether it shows now. */
export function legendButton(
  name: string,
  index: number,
  toggle: () => boolean,
  kind: 'line' | 'dots' = 'line',
): HTMLElement {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'chart__series';
  button.setAttribute('aria-pressed', 'true');
  const swatch = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  swatch.setAttribute('width', '22');
  swatch.setAttribute('height', '8');
  swatch.setAttribute('aria-hidden', 'true');
  const colour = `var(--line-${(index % 6) + 1})`;
  const dot = DOTS[index % DOTS.length];
  const [tag, attributes] =
    kind === 'dots'
      ? (['circle', { cx: '11', cy: '4', r: String(((dot?.size ?? 8) - 2) / 2) }] as const)
      : ([
          'line',
          { x1: '0', x2: '22', y1: '4', y2: '4', 'stroke-dasharray': (DASHES[index % DASHES.length] ?? []).join(' ') },
        ] as const);
  const shape = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [attribute, value] of Object.entries(attributes)) shape.setAttribute(attribute, value);
  shape.style.stroke = colour;
  if (kind === 'dots') shape.style.fill = dot?.filled ? colour : 'none';
  swatch.append(shape);
  const text = document.createElement('span');
  text.textContent = name;
  button.append(swatch, text);
  button.addEventListener('click', () => button.setAttribute('aria-pressed', String(toggle())));
  return button;
}
