// The lab by hand: brings it up, says how to look at it, takes it down on Ctrl-C.
// `--agent` runs the agent, Prometheus and Alertmanager on the jump host as well; `--bfd` adds BFD, `--bmp` has the
// routers tell the agent by BMP.

import { type Jump, startJump } from "./lab/jump.ts";
import { startLab } from "./lab/lab.ts";
import { ces, plan } from "./lab/topology.ts";

const say = (text: string) => process.stdout.write(`${text}\n`);

let lab: Awaited<ReturnType<typeof startLab>>;
let jump: Jump | undefined;
try {
  say("Bringing the lab up ...");
  const has = (option: string) => process.argv.includes(option);
  const bmp = has("--bmp");
  lab = await startLab({ prefix: "cwm", bfd: has("--bfd"), bmp });
  if (has("--agent")) jump = await startJump(lab, [{ name: "agent", port: 9580, bmp }]);
} catch (failure) {
  process.stderr.write(`${failure instanceof Error ? failure.message : String(failure)}\n`);
  process.exit(1);
}

const { ns } = lab;
const inJump = `ip netns exec ${ns("jump")}`;
say(`Up and converged. Files: ${lab.dir}\n`);
for (const ce of ces) {
  say(`${ce.link}:
  ${inJump} ping ${ce.msee.address}
  ${inJump} snmpwalk -v2c -c ${plan.community} -On ${ce.loopback} 1.3.6.1.2.1.15.3
  vtysh -N ${ns(ce.node)} -c 'show bgp summary'          # ${ce.node}; ${ns(ce.msee.node)} is its MSEE
  ip -n ${ns(ce.wire)} link set ce down                  # carrier loss at ${ce.node}; 'up' undoes it`);
}
if (jump !== undefined) {
  say(`agent, Prometheus and Alertmanager on the jump host (log: ${jump.agent.log}):
  ${inJump} curl -s http://127.0.0.1:9580/api/v1/status
  ${inJump} curl -s http://127.0.0.1:9090/api/v1/alerts
  ${inJump} curl -s http://127.0.0.1:9093/api/v2/alerts`);
}
say("\nCtrl-C takes it down.");

// A signal listener alone does not keep the process alive.
const open = setInterval(() => {}, 60_000);
const down = async () => {
  clearInterval(open);
  say("\nTaking the lab down ...");
  await jump?.stop();
  await lab.stop();
};
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void down());
