/** What is sold: the products of a sale, made from a small range and the configured stock. */

export interface Product {
  readonly item_id: number;
  readonly name: string;
  readonly tagline: string;
  readonly price_cents: number;
  readonly stock: number;
}

const RANGE: readonly (readonly [name: string, tagline: string, priceCents: number])[] = [
  ['Aurora desk lamp', 'Light that follows the day', 4_900],
  ['Basalt mug', 'Stoneware, 350 ml, keeps its warmth', 1_400],
  ['Cirrus blanket', 'Merino, light as its name', 7_900],
  ['Drift headphones', 'Thirty hours of quiet', 12_900],
  ['Ember kettle', 'Boils to the degree', 6_900],
  ['Fjord backpack', 'Twenty litres, any weather', 8_900],
  ['Grove notebook', 'Recycled paper that likes ink', 1_200],
  ['Harbour watch', 'Two hands, nothing else', 14_900],
  ['Isle speaker', 'Small room, full sound', 5_900],
  ['Juniper planter', 'Waters itself for a month', 3_400],
];

/** `count` products with `stock` units between them, as evenly as whole units go. */
export function productsOfSale(count: number, stock: number): Product[] {
  return Array.from({ length: count }, (_, index) => {
    const [name, tagline, price_cents] = RANGE[index % RANGE.length] ?? ['Item', '', 100];
    const edition = Math.floor(index / RANGE.length);
    return {
      item_id: index + 1,
      name: edition === 0 ? name : `${name} ${edition + 1}`,
      tagline,
      price_cents,
      stock: Math.floor(stock / count) + (index < stock % count ? 1 : 0),
    };
  });
}
