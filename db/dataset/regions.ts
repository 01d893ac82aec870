/** A node of the region tree; a root has no parent. */
export interface Region {
  readonly slug: string;
  readonly name: string;
  readonly parentSlug: string | null;
}

/** The tree, parents before their children. */
export const REGIONS: readonly Region[] = [
  region("china", "China", null),
  region("china_main", "China Main", "china"),
  region("china_north", "China North", "china"),
  region("china_east", "China East", "china"),
  region("yangtze_river", "Yangtze River", "china_east"),
  region("china_south", "China South", "china"),
  region("pearl_river", "Pearl River", "china_south"),
  region("northern_europe", "Northern Europe", null),
  region("north_europe_main", "North Europe Main", "northern_europe"),
  region("scandinavia", "Scandinavia", "northern_europe"),
  region("denmark", "Denmark", "scandinavia"),
  region("sweden", "Sweden", "scandinavia"),
  region("sweden_west", "Sweden West Coast", "sweden"),
  region("sweden_east", "Sweden East Coast", "sweden"),
  region("norway", "Norway", "scandinavia"),
  region("norway_south_east", "Norway South East", "norway"),
  region("norway_south_west", "Norway South West", "norway"),
  region("norway_north", "Norway North", "norway"),
  region("iceland_faroes", "Iceland and the Faroes", "scandinavia"),
  region("baltic", "Baltic", "northern_europe"),
  region("baltic_main", "Baltic Main", "baltic"),
  region("finland", "Finland", "baltic"),
  region("russia_baltic", "Russia Baltic", "baltic"),
];

const PARENTS = new Map(REGIONS.map(({ slug, parentSlug }) => [slug, parentSlug]));

/** The region itself, its parent and so on up to the root. */
export function pathToRoot(slug: string): string[] {
  const path: string[] = [];
  for (let at: string | null | undefined = slug; at; at = PARENTS.get(at)) path.push(at);
  return path;
}

function region(slug: string, name: string, parentSlug: string | null): Region {
  return { slug, name, parentSlug };
}
