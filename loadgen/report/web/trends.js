// What the folders of results/ say together: by machine, by workload, as ratios. No document here.

// Who a server is among those measured, when its run does not say: the one this is about, a floor
// (a program that only moves the bytes), or a peer.
export function roleOf({server, role}) {
  if (role !== undefined) return role;
  if (/^parleyd?$/i.test(server)) return 'subject';
  return /(\b|_)floor\b/i.test(server) ? 'floor' : 'peer';
}

const numbers = (list) => (list ?? []).filter((value) => typeof value === 'number');

export function median(list) {
  const sorted = numbers(list).sort((a, b) => a - b);
  if (sorted.length === 0) return null;
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

// {median, low, high, count} of a list, null of an empty one.
export function spreadOf(list) {
  const known = numbers(list);
  if (known.length === 0) return null;
  return {median: median(known), low: Math.min(...known), high: Math.max(...known),
    count: known.length};
}

// How many times as good as `other` `subject` is; above 1 the subject is ahead. Rounds that were
// measured one after the other are compared round by round: what disturbed one disturbed both.
export function ratioOf(subject, other, lessIsBetter = false) {
  const over = (a, b) => (lessIsBetter ? b / a : a / b);
  const sound = (value) => typeof value === 'number' && value > 0;
  if (subject.value.length === other.value.length) {
    return spreadOf(subject.value.map((value, round) => (sound(value) && sound(other.value[round])
      ? over(value, other.value[round]) : null)));
  }
  const [a, b] = [median(subject.value), median(other.value)];
  return sound(a) && sound(b) ? spreadOf([over(a, b)]) : null;
}

// Whether more work was waiting before the runs than the machine has cores for, and half as much
// again; null when nobody looked.
export function isBusy(run, cores) {
  const load = median(run.load_before);
  return load === null || !cores ? null : load > 1.5 * cores;
}

// A machine is its name, or its processor and its cores; kernels come and go.
export function machineName({name, processor = 'unknown machine', cores}) {
  if (name !== undefined) return name;
  return cores ? `${processor}, ${cores} ${cores === 1 ? 'core' : 'cores'}` : processor;
}

// Of a machine that does not say, what its name says.
const coresOf = ({name, cores}) => cores ?? (Number(/(\d+) cores?$/.exec(name ?? '')?.[1])
  || undefined);

const groups = (list, nameOf) => {
  const found = new Map();
  for (const one of list) {
    const name = nameOf(one);
    if (!found.has(name)) found.set(name, []);
    found.get(name).push(one);
  }
  return [...found].map(([name, members]) => ({name, members}));
};

const before = (a, b) => (a < b ? -1 : Number(a > b));

// One point of a workload's trend: the subject and its ratio to each other server.
function pointOf(result, {runs, less_is_better: lessIsBetter}) {
  const subject = runs.find((run) => roleOf(run) === 'subject') ?? null;
  const others = runs.filter((run) => roleOf(run) !== 'subject').map((run) => ({run,
    server: run.server, role: roleOf(run),
    ratio: subject === null ? null : ratioOf(subject, run, lessIsBetter)}));
  return {result, runs, subject, others, value: subject === null ? null : spreadOf(subject.value),
    busy: subject === null ? null : isBusy(subject, coresOf(result.machine))};
}

function workloadOf(name, members) {
  const points = members.map(({result, workload}) => pointOf(result, workload));
  const roles = new Map();
  for (const {others} of points) for (const {server, role} of others) roles.set(server, role);
  const {unit, says, floor, less_is_better: lessIsBetter = false} = members.at(-1).workload;
  // Floors first, the workload's own before others: they are what can be reached.
  const servers = [...roles].sort(([a, roleA], [b, roleB]) => (b === floor) - (a === floor)
    || before(roleA, roleB) || before(a, b)).map(([server, role]) => ({server, role}));
  const compared = points.some(({others}) => others.some(({ratio}) => ratio !== null));
  return {name, unit, says, lessIsBetter, points, servers, compared};
}

const newestDate = ({points}) => points.at(-1).result.date;

// [{name, results, workloads: [{name, unit, says, lessIsBetter, points, servers, compared}]}]:
// points in order of time; workloads that can be compared first, the newest of them before others.
export function machinesOf(results) {
  const sorted = [...results].sort((a, b) => before(a.date, b.date) || before(a.folder, b.folder));
  return groups(sorted, ({machine}) => machineName(machine)).map(({name, members}) => {
    const all = members.flatMap((result) => result.workloads
      .map((workload) => ({result, workload})));
    const workloads = groups(all, ({workload}) => workload.name)
      .map((group) => workloadOf(group.name, group.members))
      .sort((a, b) => b.compared - a.compared || before(newestDate(b), newestDate(a)));
    return {name, results: members, workloads};
  });
}
