"""The lab's command line.

Exit codes: 0 done; 1 it failed, with one line that says why; 2 wrong usage; `exec` gives its command's own.
"""

import argparse
import subprocess
import sys
import time

from . import cluster, faults, settings
from .cluster import Cluster
from .mail_server import MailServer
from .process import CLEAN_ENVIRONMENT, LabError, exit_on_signals
from .webhook_sink import WebhookSink

DEFAULT_ID = "lab"


def main(words=None):
    """Run one command and give its exit code."""
    arguments = parser().parse_args(words)
    exit_on_signals()
    try:
        return arguments.action(arguments) or 0
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("lab: interrupted", file=sys.stderr)
        return 130


def parser():
    """All commands with their arguments."""
    top = argparse.ArgumentParser(prog="lab", description="A real RabbitMQ cluster on this machine, for tests.")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    add = commands.add_parser("up", help="bring a cluster, a mail server and a webhook sink up; they stay until `lab down`")
    add.add_argument("--id", default=DEFAULT_ID, help="name of the run (default: %(default)s)")
    add.add_argument("--suite", default=settings.DEFAULT_SUITE, choices=settings.SUITES)
    add.add_argument("--nodes", type=int, default=3, metavar="N")
    add.add_argument("--broker-conf", action="append", default=[], metavar="KEY=VALUE",
                     help="one more line of rabbitmq.conf")
    add.add_argument("--data-size", metavar="SIZE", help="put the broker's data on a file system this big, as in 300M")
    add.set_defaults(action=up)

    add = commands.add_parser("down", help="take a run down, whatever state it is in")
    which = add.add_mutually_exclusive_group()
    which.add_argument("--id", default=DEFAULT_ID, help="name of the run (default: %(default)s)")
    which.add_argument("--all", action="store_true", help="every run that no living program is using")
    add.add_argument("--force", action="store_true", help="also runs that a living program is using")
    add.set_defaults(action=down)

    add = commands.add_parser("list", help="show the runs of this machine")
    add.set_defaults(action=list_runs)

    add = node_command(commands, "exec", "run a command inside a node")
    add.add_argument("command", nargs=argparse.REMAINDER, metavar="CMD...")
    add.set_defaults(action=execute)

    add = node_command(commands, "logs", "show a node's journal and its broker's log")
    add.add_argument("--lines", type=int, default=100, help="how many of each (default: %(default)s)")
    add.set_defaults(action=logs)

    verbs = "\n".join(f"  {name + ' NODE ' + verb.arguments:42}{verb.help}" for name, verb in faults.VERBS.items())
    add = commands.add_parser("fault", help="do harm to a node, or undo it", epilog=f"verbs:\n{verbs}",
                              formatter_class=argparse.RawDescriptionHelpFormatter)
    add.add_argument("--id", default=DEFAULT_ID, help="name of the run (default: %(default)s)")
    add.add_argument("verb", metavar="VERB")
    add.add_argument("node", metavar="NODE")
    add.add_argument("words", nargs="*", metavar="ARGS")
    add.set_defaults(action=fault)
    return top


def node_command(commands, name, text):
    """A command that is about one node of a run."""
    add = commands.add_parser(name, help=text)
    add.add_argument("--id", default=DEFAULT_ID, help="name of the run (default: %(default)s)")
    add.add_argument("node", metavar="NODE")
    return add


def up(arguments):
    """lab up"""
    started = time.monotonic()
    lines = "".join(line.replace("=", " = ", 1) + "\n" for line in arguments.broker_conf)
    run = Cluster(arguments.id, arguments.suite, arguments.nodes, lines, arguments.data_size)
    run.up(keep=True)
    sink = WebhookSink(run).start()
    mail = MailServer(run).start()
    names = ", ".join(node.name for node in run.nodes)
    print(f"{run.id}: {arguments.suite}, {names} up after {time.monotonic() - started:.1f} s")
    print(f"webhooks: {sink.http} and {sink.https}; what comes is kept in {sink.received_folder}")
    print(f"mail: {mail.url}, user {mail.user}; what comes is kept in {mail.received_folder}")


def down(arguments):
    """lab down"""
    found = cluster.runs()
    chosen = [entry for entry in found if arguments.all or entry[0] == arguments.id]
    if not chosen and not arguments.all:
        raise LabError(f"no run with id {arguments.id!r}")
    skipped = 0
    for run_id, record, _ in chosen:
        if Cluster.remove(run_id, even_in_use=arguments.force):
            print(f"{run_id}: down")
        else:
            print(f"{run_id}: in use by process {record.get('owner', '?')}, left alone (--force takes it down)",
                  file=sys.stderr)
            skipped += 1
    return 1 if skipped else 0


def list_runs(_):
    """lab list"""
    for run_id, record, in_use in cluster.runs():
        state = f"in use by process {record.get('owner', '?')}" if in_use else "kept" if record["keep"] else "orphan"
        facts = record["arguments"]
        print(f"{run_id}\t{facts.get('suite', '?')}\t{facts.get('nodes', '?')} nodes\t{state}")


def execute(arguments):
    """lab exec"""
    words = arguments.command[1:] if arguments.command[:1] == ["--"] else arguments.command
    if not words:
        raise LabError("exec wants a command")
    node = Cluster.attach(arguments.id).node(arguments.node)
    command = [str(word) for word in node.command(words)]
    return subprocess.run(command, cwd="/", env=CLEAN_ENVIRONMENT, check=False).returncode


def logs(arguments):
    """lab logs"""
    node = Cluster.attach(arguments.id).node(arguments.node)
    lines = str(arguments.lines)
    print(node.run(["journalctl", "--no-pager", "--lines", lines]).stdout, end="")
    print(node.run(["tail", "-n", lines, f"/var/log/rabbitmq/{node.broker}.log"]).stdout, end="")


def fault(arguments):
    """lab fault"""
    node = Cluster.attach(arguments.id).node(arguments.node)
    faults.apply(node, arguments.verb, *arguments.words)
