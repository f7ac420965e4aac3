import { formatSubnet, notPublic, overlap, parseSubnet, type Subnet } from "../../estate/address.ts";
import { linkNames, peeringNames } from "../../estate/estate.ts";
import { dotted, type KeyPath } from "../error.ts";
import { items, present, type Rule, type RuleContext } from "./rule.ts";

interface Placed {
  readonly path: KeyPath;
  readonly subnet: Subnet;
  /** Undefined for the subnet of a Global Reach, which must be used nowhere else. */
  readonly circuit: string | undefined;
  readonly router: string | undefined;
  /** Place in the file, so that the later of two is blamed. */
  readonly order: number;
}

function pathSubnets({ draft }: Pick<RuleContext, "draft">): readonly Omit<Placed, "order">[] {
  return present(draft.circuits).flatMap(([circuit, { peerings, links }]) =>
    peeringNames.flatMap((peering) =>
      linkNames.flatMap((link) => {
        const parsed = parseSubnet(peerings?.[peering]?.subnets?.[link] ?? "");
        if (!parsed.ok) return [];
        const path = ["circuits", circuit, "peerings", peering, "subnets", link];
        return [{ path, subnet: parsed.value, circuit, router: links?.[link]?.router }];
      }),
    ),
  );
}

/**
 * Different customers of one agent may use the same private /30, so a subnet may return on other routers,
 * unless Global Reach joins the circuits.
 */
export const subnetsAreApart: Rule = (context) => {
  const { draft, report } = context;
  const joined = joinedCircuits(context);
  const reach = present(draft.globalReach).flatMap(([name, { subnet }]) => {
    const parsed = parseSubnet(subnet ?? "");
    const path = ["globalReach", name, "subnet"];
    return parsed.ok ? [{ path, subnet: parsed.value, circuit: undefined, router: undefined }] : [];
  });
  const placed = [...pathSubnets(context), ...reach].map((entry, order): Placed => ({ ...entry, order }));
  const conflicts = (a: Placed, b: Placed) =>
    a.circuit === undefined ||
    b.circuit === undefined ||
    a.circuit === b.circuit ||
    (a.router !== undefined && a.router === b.router) ||
    joined.has(`${a.circuit} ${b.circuit}`);

  const blamed = new Set<Placed>();
  for (const [a, b] of overlapping(placed)) {
    const [first, second] = a.order < b.order ? [a, b] : [b, a];
    if (blamed.has(second) || !conflicts(a, b)) continue;
    blamed.add(second);
    const [earlier, later] = [formatSubnet(first.subnet), formatSubnet(second.subnet)];
    const problem =
      earlier === later
        ? `${later} is given to ${dotted(first.path)} already`
        : `${later} overlaps with ${earlier} of ${dotted(first.path)}`;
    report(second.path, problem, overlapFix(first, second));
  }
};

function overlapFix(first: Placed, second: Placed): string {
  if (first.circuit === undefined || second.circuit === undefined) {
    return "the subnet of a Global Reach is used nowhere else";
  }
  return "each path has a subnet of its own: copy it from the peering in the Azure portal";
}

/** Both orders of every pair of circuits that some Global Reach joins. */
function joinedCircuits({ draft }: Pick<RuleContext, "draft">): ReadonlySet<string> {
  const joined = new Set<string>();
  for (const [, { circuits }] of present(draft.globalReach)) {
    const names = items(circuits).map(([, name]) => name);
    for (const a of names) for (const b of names) if (a !== b) joined.add(`${a} ${b}`);
  }
  return joined;
}

/** A sweep over the sorted networks: an estate of thousands of paths must not take their square. */
function* overlapping(placed: readonly Placed[]): Generator<readonly [Placed, Placed]> {
  const sorted = placed.toSorted((a, b) => {
    if (a.subnet.family !== b.subnet.family) return a.subnet.family - b.subnet.family;
    if (a.subnet.network !== b.subnet.network) return a.subnet.network < b.subnet.network ? -1 : 1;
    return a.order - b.order;
  });
  let open: Placed[] = [];
  for (const next of sorted) {
    open = open.filter(({ subnet }) => overlap(subnet, next.subnet));
    for (const before of open) yield [before, next];
    open.push(next);
  }
}

export const subnetsAreOfOneFamily: Rule = ({ draft, report }) => {
  for (const [name, { peerings }] of present(draft.circuits)) {
    for (const peering of peeringNames) {
      const [primary, secondary] = linkNames.map((link) => parseSubnet(peerings?.[peering]?.subnets?.[link] ?? ""));
      if (!primary?.ok || !secondary?.ok || primary.value.family === secondary.value.family) continue;
      const path = ["circuits", name, "peerings", peering, "subnets", "secondary"];
      const problem = `is IPv${secondary.value.family}, and primary is IPv${primary.value.family}`;
      report(path, problem, "write two subnets of one family: a peering's paths are a pair");
    }
  }
};

export const microsoftHasPublicSubnets: Rule = (context) => {
  for (const { path, subnet } of pathSubnets(context)) {
    const why = path[3] === "microsoft" ? notPublic(subnet) : undefined;
    if (why === undefined) continue;
    const problem = `${formatSubnet(subnet)} is not public (${why}), which microsoft peering does not take`;
    context.report(path, problem, "write the public subnet that Azure has for it");
  }
};
