"""Network policies as packet filters: what they allow at this moment, for iptables.

The embedded network routes every packet between pods through the node, but reads
no policies. This compiles those of the cluster once, for a test; a change of a pod
or a policy is not followed. Established connections pass; what no rule of a
selected pod allows is refused at once.
"""
import json
import os
import subprocess

from network import selects

CHAIN = "URUMI-POLICY"


def kubectl(kind):
    return json.loads(subprocess.run(["kubectl", "get", kind, "-A", "-o", "json"], capture_output=True, text=True, check=True).stdout)["items"]


def iptables(*arguments, given=None, check=True, program="iptables"):
    command = ["nsenter", "--target", os.environ["NODE_PID"], "--net", "--", program, *arguments]
    return subprocess.run(command, input=given, capture_output=True, text=True, check=check)


class State:
    def __init__(self):
        self.pods = [one for one in kubectl("pods") if one["status"].get("podIP") and one["status"]["phase"] in ("Pending", "Running")]
        self.namespaces = {one["metadata"]["name"]: one["metadata"].get("labels", {}) for one in kubectl("namespaces")}
        self.policies = kubectl("networkpolicies")

    def addresses(self, peer, namespace):
        """[(address block, [exceptions])] of a peer."""
        if "ipBlock" in peer:
            block = peer["ipBlock"]
            return [(block["cidr"], block.get("except", []))] if ":" not in block["cidr"] else []
        found = []
        for pod in self.pods:
            place = pod["metadata"]["namespace"]
            near = selects(peer["namespaceSelector"], self.namespaces[place]) if "namespaceSelector" in peer else place == namespace
            if near and selects(peer.get("podSelector") or {}, pod["metadata"].get("labels", {})):
                found.append((pod["status"]["podIP"] + "/32", []))
        return found


def rules(state):
    """Lines for iptables-restore."""
    heads, lines = [f":{CHAIN} - [0:0]"], [f"-A {CHAIN} -m conntrack --ctstate ESTABLISHED,RELATED -j RETURN"]
    for number, pod in enumerate(state.pods):
        labels, namespace, address = pod["metadata"].get("labels", {}), pod["metadata"]["namespace"], pod["status"]["podIP"]
        for direction, own, other, peers in (("Egress", "-s", "-d", "to"), ("Ingress", "-d", "-s", "from")):
            mine = [
                one["spec"] for one in state.policies
                if one["metadata"]["namespace"] == namespace and direction in one["spec"]["policyTypes"]
                and selects(one["spec"]["podSelector"], labels)
            ]
            if not mine:
                continue
            chain = f"URUMI-{direction[:2].upper()}-{number}"
            heads.append(f":{chain} - [0:0]")
            lines.append(f"-A {CHAIN} {own} {address}/32 -j {chain}")
            for rule in (rule for spec in mine for rule in spec.get(direction.lower()) or []):
                for peer in rule.get(peers, []):
                    for block, exceptions in state.addresses(peer, namespace):
                        lines += allow(chain, other, block, exceptions, rule["ports"])
            lines.append(f"-A {chain} -j REJECT")
    return "\n".join(["*filter", *heads, *lines, "COMMIT", ""])


def allow(chain, side, block, exceptions, ports):
    """Allowed is to go on with the other direction's chain; an exception is refused."""
    lines = []
    for port in ports:
        match = f"-p {port['protocol'].lower()} --dport {port['port']}"
        lines += [f"-A {chain} {match} {side} {one} -j REJECT" for one in exceptions]
        lines.append(f"-A {chain} {match} {side} {block} -j RETURN")
    return lines


def lay():
    iptables("--noflush", given=rules(State()), program="iptables-restore")
    for hook in ("FORWARD", "INPUT"):
        iptables("-I", hook, "-j", CHAIN)


def lift():
    for hook in ("FORWARD", "INPUT"):
        iptables("-D", hook, "-j", CHAIN, check=False)
    saved = iptables(program="iptables-save").stdout.splitlines()
    chains = [line[1:].split()[0] for line in saved if line.startswith((":URUMI-EG-", ":URUMI-IN-", f":{CHAIN} "))]
    for chain in chains:
        iptables("-F", chain, check=False)
    for chain in chains:
        iptables("-X", chain, check=False)
